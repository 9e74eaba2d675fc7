import * as tf from '@tensorflow/tfjs-core';
import { type LinearScanOptions, linearScan } from './scan/index.ts';

/** Steps that a layer over time skips. */
export interface MaskOption {
  /**
   * 1 for steps that count and 0 for padding, float32: `[rows, T]` or `[B, T]`, the first two axes of `x`. Padding may be anywhere. It
   * leaves the state as it was, and `y` too, which is 0 where nothing was before, or the given state where `y` has states. Whatever is in
   * `x` there has no part in anything. Default: all steps count. Not beside `segmentPos`. That there is nothing between 0 and 1 is not
   * checked, as the mask is not read back: of such a step `x` counts in full, and the state passes it by in part.
   */
  readonly mask?: tf.Tensor;
}

/** `x` with 0 for what is masked. */
export function withoutMasked(x: tf.Tensor, mask: tf.Tensor | undefined): tf.Tensor {
  if (mask === undefined) return x;
  return tf.where(tf.notEqual(widened(mask, x), 0), x, tf.zerosLike(x));
}

/** Factors of a recurrence, with 1 for what is masked; `rest`: what is there in its place. */
export function passing(a: tf.Tensor, mask: tf.Tensor | undefined, rest: 0 | 1 = 1): tf.Tensor {
  if (mask === undefined) return a;
  const counts = widened(mask, a);
  const kept = tf.mul(a, counts);
  return rest === 0 ? kept : tf.add(kept, tf.sub(1, counts));
}

/** `y` with what it had at the last step that counts for what is masked; before all of these, the initial state or 0. */
export function held(
  y: tf.Tensor,
  mask: tf.Tensor | undefined,
  options: LinearScanOptions<tf.Tensor> = {},
): tf.Tensor {
  if (mask === undefined) return y;
  const stays = tf.sub(1, widened(mask, y));
  return linearScan(withoutMasked(y, mask), stays, options).y;
}

/** The mask in the shape of `x`. broadcastTo copies number by number on wasm. */
function widened(mask: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const between = x.shape.slice(2).map(() => 1);
  return tf.add(tf.reshape(mask, [...mask.shape, ...between]), tf.zeros(x.shape));
}
