import * as tf from '@tensorflow/tfjs-core';

/** A matrix as `[M, D]`: all dimensions but the last become rows. */
export function asRows(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape.at(-1) ?? 1]);
}

/**
 * Sums over the rows of `[M, E]`, as `[E]`. A product with a row of ones: the sum over the first axis
 * transposes the whole matrix on wasm first, which takes three times as long.
 */
export function sumRows(x: tf.Tensor2D): tf.Tensor1D {
  return tf.reshape(tf.matMul(tf.ones<tf.Rank.R2>([1, x.shape[0]]), x), [-1]);
}

/** Gradient of the input of y = x W: `dy` W'. */
export function inputGradient(dy: tf.Tensor2D, kernel: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(dy, tf.transpose(kernel));
}

/**
 * Gradients of W `[D, E]` and b `[E]` in y = x W + b: x' `dy` and the sum of `dy` over rows.
 *
 * A matMul that transposes leaves XNNPACK for a plain loop on wasm, ten times slower, and even an explicit
 * transpose costs about as much as a product; so only the narrower of the two matrices is transposed,
 * and the bias comes out of the same matrix.
 */
export function weightGradients(
  x: tf.Tensor2D,
  dy: tf.Tensor2D,
): { kernel: tf.Tensor2D; bias: tf.Tensor1D } {
  const [rows, width] = x.shape;
  if (width > dy.shape[1]) {
    const dyT = tf.transpose(dy);
    return { kernel: tf.transpose(tf.matMul(dyT, x)), bias: tf.sum(dyT, 1) };
  }
  const augmented = tf.concat([tf.transpose(x), tf.ones<tf.Rank.R2>([1, rows])], 0);
  const both: tf.Tensor2D = tf.matMul(augmented, dy);
  return {
    kernel: tf.slice(both, [0, 0], [width, -1]),
    bias: tf.reshape(tf.slice(both, [width, 0], [1, -1]), [-1]),
  };
}
