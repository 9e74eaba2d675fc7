import * as tf from '@tensorflow/tfjs-core';
import type { SoftmaxGradInputs, SoftmaxInputs } from './types.ts';

/** @returns the shape of `x`. */
export function softmaxComposite({ x }: SoftmaxInputs): tf.Tensor {
  if (tf.getBackend() !== 'webgpu') return tf.softmax(x);
  // WebGPU's own makes NaN of a row of the lowest numbers, and no NaN of what stands beside NaN. Above 65,535 rows it starts more
  // workgroups than there are rows, and those spoil the last number.
  const powers = tf.exp(tf.sub(x, tf.max(x, -1, true)));
  return tf.div(powers, tf.sum(powers, -1, true));
}

/** The gradient of sum(dy · y) by x. */
export function softmaxGradComposite({ dy, y }: SoftmaxGradInputs): tf.Tensor {
  const product = tf.mul(dy, y);
  return tf.sub(product, tf.mul(y, tf.sum(product, -1, true)));
}
