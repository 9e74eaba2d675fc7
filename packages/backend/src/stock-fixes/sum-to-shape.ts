import * as tf from '@tensorflow/tfjs-core';

/** Sums a gradient over the axes along which the operand of this shape was broadcast. */
export function sumToShape(gradient: tf.Tensor, shape: readonly number[]): tf.Tensor {
  const extra = gradient.rank - shape.length;
  const axes = gradient.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < extra || (shape[axis - extra] === 1 && gradient.shape[axis] !== 1));
  if (axes.length === 0) return gradient;
  return tf.reshape(tf.sum(gradient, axes), [...shape]);
}
