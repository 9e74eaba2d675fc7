import { checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** A tensor as `[M, D]`: all dimensions but the last become rows. */
export function asRows(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape.at(-1) ?? 1]);
}

/**
 * The sum over the rows of `[M, E]`, as `[E]`, by average pooling over one window of M rows: the sum over
 * the first axis transposes the whole matrix on wasm. Of a column with a NaN the sum is not finite; on wasm it
 * is -Infinity, because XNNPACK's pooling takes the larger of the mean and -Infinity.
 */
export function sumRows(x: tf.Tensor2D): tf.Tensor1D {
  checkTensor('x', x, ['M', 'E']);
  const [rows, width] = x.shape;
  // XNNPACK refuses to pool a window of one.
  if (rows === 1) return tf.reshape(x, [width]);
  const mean = tf.avgPool(tf.reshape(x, [1, rows, 1, width]) as tf.Tensor4D, [rows, 1], 1, 'valid');
  return tf.reshape(tf.mul(mean, rows), [width]);
}
