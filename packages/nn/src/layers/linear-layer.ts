import type * as tf from '@tensorflow/tfjs-core';
import { initLinear } from '../init.ts';
import { linear } from '../linear/index.ts';
import {
  byDefault,
  defineLayer,
  flag,
  inputWidth,
  type LayerFactory,
  type Regularized,
  required,
  type SeededLayerArgs,
  size,
} from './index.ts';

/** Arguments of `neverendLinear`. */
export interface NeverendLinearArgs extends SeededLayerArgs, Regularized<'kernel' | 'bias'> {
  /** Width E of the output. */
  units: number;
  /** Whether there is a bias; true where it is left out. */
  useBias?: boolean;
}

/**
 * `linear` as a layer, with a gradient that is fast on every backend: `[..., D]` to `[..., E]`.
 */
export const neverendLinear: LayerFactory<NeverendLinearArgs> = defineLayer({
  name: 'NeverendLinear',
  masks: true,
  regularized: ['kernel', 'bias'],
  args: { units: required(size), useBias: byDefault(true, flag) },
  init: ([input], key, { units, useBias }) => {
    const { kernel, bias } = initLinear(key, inputWidth(input), units);
    if (useBias) return { kernel, bias };
    bias.dispose();
    return { kernel };
  },
  forward: ([x], { kernel, bias }) => linear(x, kernel as tf.Tensor, bias),
  outputShape: ([input], { units }) => [...input.slice(0, -1), units],
});
