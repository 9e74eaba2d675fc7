import {
  byDefault,
  defineLayer,
  dropoutRate,
  flag,
  inputWidth,
  type LayerFactory,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { initSpaceAttention, spaceAttention } from '../space-attention/index.ts';
import { masksOf } from './masks.ts';

/** Arguments of `neverendSpaceAttention`. */
export interface NeverendSpaceAttentionArgs extends SeededLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Whether a token sees those up to itself alone; false where it is left out. */
  causal?: boolean;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/**
 * `spaceAttention` as a layer: `[rows, N, D]` to the same. A second input is the mask: `[rows, N]`, of keys, `[rows, M, N]` or
 * `[rows, H, M, N]`. Padding that an embedding masks is hidden.
 */
export const neverendSpaceAttention: LayerFactory<NeverendSpaceAttentionArgs> = defineLayer({
  name: 'NeverendSpaceAttention',
  optionalInputs: ['mask'],
  masks: true,
  args: {
    heads: required(size),
    qkNorm: byDefault(false, flag),
    causal: byDefault(false, flag),
    attentionDropoutRate: dropoutRate,
  },
  init: ([input], key, { heads, qkNorm }) =>
    initSpaceAttention(key, { width: inputWidth(input), heads, qkNorm }),
  forward: ([x, given], params, { args, dropout, mask }) => {
    const { attentionDropoutRate, ...options } = args;
    return spaceAttention(x, params, {
      ...options,
      ...masksOf(given, mask),
      dropout: dropout(attentionDropoutRate),
    });
  },
});
