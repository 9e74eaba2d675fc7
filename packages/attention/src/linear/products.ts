import * as tf from '@tensorflow/tfjs-core';

/** A matrix as `[M, D]`: all dimensions but the last become rows. */
export function asRows(x: tf.Tensor): tf.Tensor2D {
  return tf.reshape(x, [-1, x.shape.at(-1) ?? 1]);
}

/**
 * The transpose of `[M, D]`. In two steps where blocks of 32 rows fit: a column that is written M floats
 * apart, with M a multiple of a large power of two, falls into few lines of the processor's cache, which
 * makes the plain transpose of `[1024, 64]` ten times slower on wasm.
 */
export function transposed(x: tf.Tensor2D): tf.Tensor2D {
  const [rows, width] = x.shape;
  if (rows % 32 !== 0) return tf.transpose(x);
  const blocks = tf.transpose(tf.reshape(x, [rows / 32, 32, width]), [0, 2, 1]);
  return tf.reshape(tf.transpose(blocks, [1, 0, 2]), [width, rows]);
}

/**
 * The sum over the rows of `[M, E]`, as `[E]`, by average pooling over one window of M rows: the sum over
 * the first axis transposes the whole matrix on wasm. Of a column with a NaN the sum is not finite; on wasm it
 * is -Infinity, because XNNPACK's pooling takes the larger of the mean and -Infinity.
 */
export function sumRows(x: tf.Tensor2D): tf.Tensor1D {
  const [rows, width] = x.shape;
  // XNNPACK refuses to pool a window of one.
  if (rows === 1) return tf.reshape(x, [width]);
  const mean = tf.avgPool(tf.reshape(x, [1, rows, 1, width]) as tf.Tensor4D, [rows, 1], 1, 'valid');
  return tf.reshape(tf.mul(mean, rows), [width]);
}

/** Gradient of the input of y = x W: `dy` W'. */
export function inputGradient(dy: tf.Tensor2D, kernel: tf.Tensor2D): tf.Tensor2D {
  return tf.matMul(dy, transposed(kernel));
}

/**
 * Gradient of W `[D, E]` in y = x W: x' `dy`. A matMul that transposes leaves XNNPACK for a plain loop on
 * wasm, ten times slower. Of the two ways to transpose first, this takes the one whose second factor is the
 * narrower matrix, because XNNPACK repacks the second factor and that takes longer than to transpose.
 */
export function kernelGradient(x: tf.Tensor2D, dy: tf.Tensor2D): tf.Tensor2D {
  return x.shape[1] < dy.shape[1]
    ? transposed(tf.matMul(transposed(dy), x))
    : tf.matMul(transposed(x), dy);
}
