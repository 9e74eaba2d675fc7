import * as tf from '@tensorflow/tfjs-core';
import { rmsNorm } from '../rms-norm/index.ts';
import {
  byDefault,
  defineLayer,
  inputWidth,
  type LayerFactory,
  notNegative,
  type Regularized,
  type SeededLayerArgs,
} from './index.ts';

/** Arguments of `neverendRmsNorm`. */
export interface NeverendRmsNormArgs extends SeededLayerArgs, Regularized<'scale'> {
  /** Added to the mean square; 1e-6 where it is left out. */
  eps?: number;
}

/**
 * `rmsNorm` with a factor of 1 + scale as a layer, as in Griffin and TRecViT: `[..., D]` to the same. The scale starts at 0.
 */
export const neverendRmsNorm: LayerFactory<NeverendRmsNormArgs> = defineLayer({
  name: 'NeverendRmsNorm',
  masks: true,
  regularized: ['scale'],
  args: { eps: byDefault(1e-6, notNegative) },
  init: ([input]) => ({ scale: tf.zeros([inputWidth(input)]) }),
  forward: ([x], { scale }, { args }) =>
    rmsNorm(x, scale as tf.Tensor, { eps: args.eps, offset: 1 }),
});
