import * as tf from '@tensorflow/tfjs-core';
import type {
  BiasGeluGradInputs,
  BiasGeluInputs,
  GeluAttrs,
  GeluGradInputs,
  GeluInputs,
} from './types.ts';

// 0.5 (1 + tanh(u)) = sigmoid(2u), so with u = sqrt(2/pi) (x + 0.044715 x³) the argument of the sigmoid is
// x (linear + cubic x²).
export const logisticLinear: number = 2 * Math.sqrt(2 / Math.PI);
export const logisticCubic: number = logisticLinear * 0.044715;

/** @returns the shape of `x`. */
export function geluComposite({ x }: GeluInputs, { form }: GeluAttrs): tf.Tensor {
  const gate =
    form === 'tanh'
      ? tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), logisticCubic), logisticLinear)))
      : tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
  return tf.mul(x, gate);
}

/** The gradient of sum(dy · y) by x. */
export function geluGradComposite({ dy, x }: GeluGradInputs, { form }: GeluAttrs): tf.Tensor {
  // From 30 on the slope is 0 or 1, and squares of much larger numbers overflow.
  const near = tf.clipByValue(x, -30, 30);
  return tf.mul(dy, form === 'tanh' ? tanhSlope(near) : erfSlope(near));
}

/** GELU(x + bias). @returns the shape of `x`. */
export function biasGeluComposite({ x, bias }: BiasGeluInputs, attrs: GeluAttrs): tf.Tensor {
  return geluComposite({ x: tf.add(x, bias) }, attrs);
}

/** The gradients of sum(dy · y) by x and bias. */
export function biasGeluGradComposite(
  { dy, x, bias }: BiasGeluGradInputs,
  attrs: GeluAttrs,
): [tf.Tensor, tf.Tensor] {
  const dx = geluGradComposite({ dy, x: tf.add(x, bias) }, attrs);
  return [dx, tf.sum(tf.reshape(dx, [-1, bias.size]), 0)];
}

/** gate (1 + x (1 - gate) (linear + 3 cubic x²)). */
function tanhSlope(x: tf.Tensor): tf.Tensor {
  const square = tf.square(x);
  const gate = tf.sigmoid(tf.mul(x, tf.add(tf.mul(square, logisticCubic), logisticLinear)));
  const slope = tf.add(tf.mul(square, 3 * logisticCubic), logisticLinear);
  return tf.mul(gate, tf.add(tf.mul(tf.sub(x, tf.mul(x, gate)), slope), 1));
}

/** Φ(x) + x φ(x). */
function erfSlope(x: tf.Tensor): tf.Tensor {
  const distribution = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
  const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return tf.add(distribution, tf.mul(x, density));
}
