import * as tf from '@tensorflow/tfjs-core';
import { layerNorm } from '../layer-norm/index.ts';
import {
  byDefault,
  defineLayer,
  inputWidth,
  type LayerFactory,
  notNegative,
  type Regularized,
  type SeededLayerArgs,
} from './index.ts';

/** Arguments of `neverendLayerNorm`. */
export interface NeverendLayerNormArgs extends SeededLayerArgs, Regularized<'scale' | 'bias'> {
  /** Added to the variance; 1e-6 where it is left out. */
  eps?: number;
}

/**
 * `layerNorm` as a layer: `[..., D]` to the same. The scale starts at 1, the bias at 0.
 */
export const neverendLayerNorm: LayerFactory<NeverendLayerNormArgs> = defineLayer({
  name: 'NeverendLayerNorm',
  masks: true,
  regularized: ['scale', 'bias'],
  args: { eps: byDefault(1e-6, notNegative) },
  init: ([input]) => ({ scale: tf.ones([inputWidth(input)]), bias: tf.zeros([inputWidth(input)]) }),
  forward: ([x], { scale, bias }, { args }) =>
    layerNorm(x, scale as tf.Tensor, bias as tf.Tensor, args.eps),
});
