import * as tf from '@tensorflow/tfjs-core';

/** What log a is where the recurrence gate is open, r = 1: -8 softplus(aParam), `[E]`. The caller's to dispose. */
export function decayOf(aParam: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.mul(tf.softplus(aParam), -8));
}

/** The gradient by aParam out of that by `decayOf(aParam)`, which it disposes. */
export function aParamGradient(dDecay: tf.Tensor, aParam: tf.Tensor): tf.Tensor {
  const gradient = tf.tidy(() => tf.mul(tf.mul(dDecay, tf.sigmoid(aParam)), -8));
  dDecay.dispose();
  return gradient;
}
