import * as tf from '@tensorflow/tfjs-core';

/**
 * Mean cross-entropy with label smoothing (Szegedy et al., "Rethinking the Inception architecture", CVPR 2016, section 7): the target
 * is `1 - smoothing` for the label and `smoothing / C` for each class besides.
 *
 * @param logits `[B, C]`, float32. @param labels `[B]`, int32.
 * @returns a scalar, the caller's to dispose.
 */
export function smoothedCrossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  smoothing: number,
): tf.Scalar {
  const classes = logits.shape[1];
  return tf.tidy(() => {
    const hard = tf.cast(tf.oneHot(labels, classes), 'float32');
    const target = tf.add(tf.mul(hard, 1 - smoothing), smoothing / classes);
    return tf.neg(tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(logits)), -1))) as tf.Scalar;
  });
}
