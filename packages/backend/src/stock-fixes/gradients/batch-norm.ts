import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';
import { sumToShape } from '../sum-to-shape.ts';

const batchNorm: tf.GradConfig = {
  kernelName: 'FusedBatchNorm',
  inputsToSave: ['x', 'mean', 'variance', 'scale'],
  gradFunc: (given, saved, attrs) => {
    const dy = given as tf.Tensor;
    const [x, mean, variance, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    const { varianceEpsilon } = attrs as unknown as tf.FusedBatchNormAttrs;
    const inverse = tf.rsqrt(tf.add(variance, varianceEpsilon));
    const normed = () => tf.mul(tf.sub(x, mean), inverse);
    const slope = () => tf.mul(dy, tf.mul(inverse, scale));
    return {
      x: () => sumToShape(slope(), x.shape),
      mean: () => tf.neg(sumToShape(slope(), mean.shape)),
      variance: () => {
        const each = tf.mul(tf.mul(slope(), normed()), inverse);
        return tf.mul(sumToShape(each, variance.shape), -0.5);
      },
      scale: () => sumToShape(tf.mul(dy, normed()), scale.shape),
      offset: () => sumToShape(dy, mean.shape),
    };
  },
};

/** Stock TensorFlow.js has them for a mean of all numbers or of the last axis alone. */
export function registerBatchNormGradient(): void {
  replaceGradient(batchNorm);
}
