import {
  byDefault,
  defineLayer,
  dropoutRate,
  flag,
  type InputSizes,
  inputWidth,
  type LayerFactory,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { crossAttention } from '../cross-attention/index.ts';
import { initSpaceAttention } from '../space-attention/index.ts';
import { masksOf } from './masks.ts';

/** Arguments of `neverendCrossAttention`. */
export interface NeverendCrossAttentionArgs extends SeededLayerArgs {
  /** Number H of heads; must divide the width of the first input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/**
 * `crossAttention` as a layer of the two inputs x `[rows, M, D]` and context `[rows, N, C]`, in this order, to `[rows, M, D]`. A third
 * input is the mask: `[rows, N]`, of the keys of the context, `[rows, M, N]` or `[rows, H, M, N]`. TensorFlow.js does not tell a layer the mask of a second input.
 */
export const neverendCrossAttention: LayerFactory<NeverendCrossAttentionArgs> = defineLayer({
  name: 'NeverendCrossAttention',
  inputs: ['x', 'context'],
  optionalInputs: ['mask'],
  args: {
    heads: required(size),
    qkNorm: byDefault(false, flag),
    attentionDropoutRate: dropoutRate,
  },
  init: ([x, context], key, { heads, qkNorm }) => {
    const contextWidth = inputWidth(context as InputSizes);
    return initSpaceAttention(key, { width: inputWidth(x), contextWidth, heads, qkNorm });
  },
  forward: ([x, context, given], params, { args, dropout }) => {
    const { heads, qkNorm, attentionDropoutRate } = args;
    const options = { heads, qkNorm, ...masksOf(given), dropout: dropout(attentionDropoutRate) };
    return crossAttention(x, context as tf.Tensor, params, options);
  },
});
