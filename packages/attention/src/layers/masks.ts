import { ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { type AttentionOptions, addedBy } from '../scaled-dot-product-attention/index.ts';

/**
 * The masks of a call of attention. Inputs of layers have rows first: a mask is `[rows, N]`, of keys, `[rows, M, N]`, or one that broadcasts to `[rows, H, M, N]`.
 *
 * @param given the input that is a mask. @param padding 1 for keys that count and 0 for padding, `[rows, N]`.
 * @throws ShapeError for a mask with other axes.
 */
export function masksOf(
  given: tf.Tensor | undefined,
  padding?: tf.Tensor,
): Pick<AttentionOptions, 'mask' | 'keyMask'> {
  const ofPadding = padding === undefined ? undefined : tf.greater(padding, 0);
  if (given === undefined) return { keyMask: ofPadding };
  if (given.rank === 4) return { mask: given, keyMask: ofPadding };
  if (given.rank === 3) return { mask: tf.expandDims(given, 1), keyMask: ofPadding };
  if (given.rank === 2) {
    if (ofPadding === undefined) return { keyMask: given };
    return { keyMask: tf.add(addedBy('mask', given), addedBy('mask', ofPadding)) };
  }
  throw new ShapeError(
    `mask was [${given.shape.join(', ')}]; it must be [rows, N], [rows, M, N] or [rows, H, M, N]`,
  );
}
