import {
  defineLayer,
  inputWidth,
  type LayerFactory,
  type SeededLayerArgs,
} from '@neverend/nn/layers';
import * as tf from '@tensorflow/tfjs-core';
import { prependToken } from '../pooling/index.ts';

/**
 * `prependToken` as a layer, with a token that starts as zeros: `[rows, N, D]` to `[rows, 1 + N, D]`.
 */
export const neverendClassToken: LayerFactory<SeededLayerArgs> = defineLayer({
  name: 'NeverendClassToken',
  args: {},
  init: ([input]) => ({ cls: tf.zeros([1, 1, inputWidth(input)]) }),
  forward: ([x], { cls }) => prependToken(x, cls as tf.Tensor),
  outputShape: ([[rows = null, tokens = null, width = null]]) => [
    rows,
    tokens === null ? null : tokens + 1,
    width,
  ],
});
