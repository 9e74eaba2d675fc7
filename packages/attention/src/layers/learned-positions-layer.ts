import { checkedSize } from '@neverend/backend';
import { defineLayer, type LayerFactory, type SeededLayerArgs } from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { initLearnedPositions, learnedPositions } from '../learned-positions/index.ts';

/**
 * `learnedPositions` as a layer: `[rows, N, D]`, with N and D known, to the same.
 */
export const neverendLearnedPositions: LayerFactory<SeededLayerArgs> = defineLayer({
  name: 'NeverendLearnedPositions',
  masks: true,
  args: {},
  init: ([[, tokens, width]], key) => ({
    positions: initLearnedPositions(
      key,
      checkedSize('the second dimension of the input', tokens),
      checkedSize('the last dimension of the input', width),
    ),
  }),
  forward: ([x], { positions }) => learnedPositions(x, positions as tf.Tensor),
});
