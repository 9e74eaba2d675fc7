import { checkOptions } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import type * as tf from '@tensorflow/tfjs-core';
import {
  type MultiHeadOptions,
  multiHeadAttention,
  multiHeadOptions,
} from '../multi-head-attention.ts';

/**
 * Multi-head attention (arXiv 1706.03762, sections 3.2.2 and 3.2.3) of the M tokens of each row of `x` to the N of the same row of `context`: queries come from `x`,
 * keys and values from `context`.
 *
 * @param x `[rows, M, D]`, float32. @param context `[rows, N, C]`, float32.
 * @param params those of `spaceAttention`, with `key/kernel` and `value/kernel` `[C, H, D/H]`;
 * `initSpaceAttention` draws them, with `contextWidth` C.
 * @returns `[rows, M, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument, and what `scaledDotProductAttention` throws.
 * @throws TypeError for an unknown option.
 */
export function crossAttention(
  x: tf.Tensor,
  context: tf.Tensor,
  params: Params,
  options: MultiHeadOptions,
): tf.Tensor {
  checkOptions('crossAttention', options, multiHeadOptions);
  return multiHeadAttention(x, context, params, options);
}
