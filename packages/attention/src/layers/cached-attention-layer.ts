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
import { checkRotaryDims } from '../rotary-positions/index.ts';
import { initSpaceAttention } from '../space-attention/index.ts';
import { masksOf } from './masks.ts';

/** Arguments of `neverendCachedAttention`. */
export interface NeverendCachedAttentionArgs extends SeededLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Base of rotary positions; no positions where it is left out. */
  rotaryBase?: number;
  /** How many of a head's first numbers rotary positions turn; all where it is left out. */
  rotaryDims?: number;
  /** Whether rotary positions turn neighbours, as in GPT-J; false where it is left out. */
  rotaryInterleaved?: boolean;
  /** What rotary positions are divided by; 1 where it is left out. */
  rotaryFactor?: number;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/**
 * `cachedAttention` of whole sequences as a layer: `[rows, N, D]` to the same, each token seeing those up to itself. A second input is the
 * mask: `[rows, N]`, of keys, `[rows, N, N]` or `[rows, H, N, N]`. Padding that an embedding masks is hidden. A model trains with it; to go on
 * token by token, call `cachedAttention` with its weights.
 */
export const neverendCachedAttention: LayerFactory<NeverendCachedAttentionArgs> = defineLayer({
  name: 'NeverendCachedAttention',
  optionalInputs: ['mask'],
  masks: true,
  args: {
    heads: required(size),
    qkNorm: byDefault(false, flag),
    rotaryBase: optional(checkBase),
    rotaryDims: optional(checkRotaryDims),
    rotaryInterleaved: optional(flag),
    rotaryFactor: optional(checkBase),
    attentionDropoutRate: dropoutRate,
  },
  check: (args) => {
    for (const name of ['rotaryDims', 'rotaryInterleaved', 'rotaryFactor'] as const) {
      if (args[name] === undefined || args.rotaryBase !== undefined) continue;
      throw new TypeError(`${name} was ${args[name]} without rotaryBase; that must be given too`);
    }
  },
  init: ([input], key, { heads, qkNorm }) =>
    initSpaceAttention(key, { width: inputWidth(input), heads, qkNorm }),
  forward: ([x, given], params, { args, dropout, mask }) => {
    const { heads, qkNorm, rotaryBase: base, attentionDropoutRate } = args;
    const { rotaryDims: dims, rotaryInterleaved: interleaved, rotaryFactor: factor } = args;
    const rotary = base === undefined ? undefined : { base, dims, interleaved, factor };
    const options = {
      heads,
      qkNorm,
      rotary,
      dropout: dropout(attentionDropoutRate),
      ...masksOf(given, mask),
    };
    return cachedAttention(x, params, undefined, options).y;
  },
});
