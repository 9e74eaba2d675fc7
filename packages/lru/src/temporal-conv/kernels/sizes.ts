import * as tf from '@tensorflow/tfjs-core';

/** The sizes of x `[outer, K-1 + T, N, E]`, w `[K, E]` and reset `[outer, T]`. */
export function convSizes(
  x: tf.Tensor,
  w: tf.Tensor,
  reset: tf.Tensor,
): Record<'outer' | 'steps' | 'tokens' | 'width' | 'taps', number> {
  const [outer, steps] = reset.shape as [number, number];
  const [taps, width] = w.shape as [number, number];
  return { outer, steps, tokens: x.shape[2] ?? 1, width, taps };
}

/** The gradients by w, `[K, E]`, and by b, `[E]`, that lie behind each other in `[K + 1, E]`, which it disposes. */
export function partsOf(both: tf.Tensor): [dw: tf.Tensor, db: tf.Tensor] {
  const [rows, width] = both.shape as [number, number];
  const parts = tf.tidy((): [tf.Tensor, tf.Tensor] => [
    tf.slice(both, [0, 0], [rows - 1, width]),
    tf.reshape(tf.slice(both, [rows - 1, 0], [1, width]), [width]),
  ]);
  both.dispose();
  return parts;
}
