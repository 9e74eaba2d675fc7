import {
  byDefault,
  defineLayer,
  dropoutRate,
  flag,
  inputWidth,
  type LayerFactory,
  optional,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { cachedAttention } from '../cached-attention/index.ts';
import { checkBase } from '../checks.ts';
import { initSpaceAttention } from '../space-attention/index.ts';

/** Arguments of `neverendCachedAttention`. */
export interface NeverendCachedAttentionArgs extends SeededLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Base of rotary positions; no positions where it is left out. */
  rotaryBase?: number;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/**
 * `cachedAttention` of whole sequences as a layer: `[rows, N, D]` to the same, each token seeing those up to itself. A model
 * trains with it; to go on token by token, call `cachedAttention` with its weights.
 */
export const neverendCachedAttention: LayerFactory<NeverendCachedAttentionArgs> = defineLayer({
  name: 'NeverendCachedAttention',
  args: {
    heads: required(size),
    qkNorm: byDefault(false, flag),
    rotaryBase: optional(checkBase),
    attentionDropoutRate: dropoutRate,
  },
  init: ([input], key, { heads, qkNorm }) =>
    initSpaceAttention(key, { width: inputWidth(input), heads, qkNorm }),
  forward: ([x], params, { args, dropout }) => {
    const { heads, qkNorm, rotaryBase, attentionDropoutRate } = args;
    const rotary = rotaryBase === undefined ? undefined : { base: rotaryBase };
    const options = { heads, qkNorm, rotary, dropout: dropout(attentionDropoutRate) };
    return cachedAttention(x, params, undefined, options).y;
  },
});
