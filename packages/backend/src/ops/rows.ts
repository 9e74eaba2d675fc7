import * as tf from '@tensorflow/tfjs-core';

/** A tensor as `[M, D]`: all dimensions but the last become rows. */
export function asRows(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape.at(-1) ?? 1]);
}
