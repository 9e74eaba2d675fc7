import { checkObject, checkOptions, checkTensor } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { headWidth } from '../checks.ts';
import { attendAndJoin, type MultiHeadOptions, projectHeads } from '../multi-head-attention.ts';
import { type RotaryOptions, rotaryOptions, rotaryPositions } from '../rotary-positions/index.ts';

/** Keys and values of the M tokens that were seen so far, each `[rows, M, H, D/H]`. */
export type KeyValueCache = {
  readonly key: tf.Tensor;
  readonly value: tf.Tensor;
};

/**
 * Options of `cachedAttention`, which is causal. Masks tell of all keys, first those of the cache and then those of `x`: `keyMask` is
 * `[rows, M + N]`, as `attention_mask` of transformers, and `mask` broadcasts to `[rows, H, N, M + N]`.
 */
export interface CachedAttentionOptions extends Omit<MultiHeadOptions, 'causal' | 'causalOffset'> {
  /**
   * Turns queries and keys by their positions, which are counted from the first token of the cache where there are none. None
   * where it is left out.
   */
  readonly rotary?: RotaryOptions | undefined;
}

/**
 * Causal self-attention (arXiv 1706.03762, section 3.2.3) of the next N tokens, to themselves and to all before. A sequence that is cut at any points gives
 * what the whole one gives. State goes in and comes out as plain tensors: nothing is kept or changed.
 *
 * Rows of different lengths start with padding that `keyMask` hides. Rotary positions need not be told then, as attention depends
 * on their differences alone.
 *
 * @param x `[rows, N, D]`, float32: one token, a chunk or the whole sequence. @param params those of `spaceAttention`.
 * @param cache what the call before gave; undefined before the first token.
 * @returns `y` `[rows, N, D]` and the cache with the new tokens, all of them the caller's to dispose, as `cache` stays.
 * @throws ShapeError | DTypeError naming the argument. @throws TypeError for an unknown option.
 */
export function cachedAttention(
  x: tf.Tensor,
  params: Params,
  cache: KeyValueCache | undefined,
  options: CachedAttentionOptions,
): { y: tf.Tensor; cache: KeyValueCache } {
  const known = ['heads', 'qkNorm', 'mask', 'keyMask', 'dropout', 'rotary'] as const;
  checkOptions('cachedAttention', options, known);
  const { heads, rotary } = options;
  if (rotary !== undefined) {
    checkOptions('rotary of cachedAttention', rotary, ['positions', ...rotaryOptions]);
  }
  checkTensor('x', x, ['rows', 'N', 'D']);
  const [rows, , width] = x.shape as [number, number, number];
  if (cache !== undefined) {
    checkObject('cache', cache, 'with key and value');
    checkTensor('cache.key', cache.key, [rows, 'M', heads, headWidth(width, heads)]);
    checkTensor('cache.value', cache.value, cache.key.shape);
  }
  const past = cache?.key.shape[1] ?? 0;
  const [y, key, value] = tf.tidy(() => {
    const made = projectHeads(x, x, params, options);
    const placed = (heads: tf.Tensor) =>
      rotary === undefined
        ? heads
        : rotaryPositions(heads, { ...rotary, positions: rotary.positions ?? past });
    const after = (before: tf.Tensor | undefined, next: tf.Tensor) =>
      before === undefined ? next : tf.concat([before, next], 1);
    const k = after(cache?.key, placed(made.k));
    const v = after(cache?.value, made.v);
    const causal = { causal: true, causalOffset: past } as const;
    return [attendAndJoin({ q: placed(made.q), k, v }, params, { ...options, ...causal }), k, v];
  }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return { y, cache: { key, value } };
}
