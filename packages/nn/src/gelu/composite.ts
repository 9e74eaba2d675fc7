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

/** From here on GELU is x, and to the other side 0, to all digits; squares of much larger numbers overflow. */
const far = 30;

/** Not a clip, whose gradient by a NaN is 0. */
const nearZero = (x: tf.Tensor): tf.Tensor => tf.minimum(tf.maximum(x, -far), far);

/** @returns the shape of `x`. */
export function geluComposite({ x }: GeluInputs, { form }: GeluAttrs): tf.Tensor {
  const near = nearZero(x);
  const gate =
    form === 'tanh'
      ? tf.sigmoid(tf.mul(near, tf.add(tf.mul(tf.square(near), logisticCubic), logisticLinear)))
      : tf.mul(tf.add(tf.erf(tf.mul(near, Math.SQRT1_2)), 1), 0.5);
  return tf.add(tf.mul(near, gate), tf.relu(tf.sub(x, far)));
}

/** The gradient of sum(dy · y) by x. */
export function geluGradComposite({ dy, x }: GeluGradInputs, { form }: GeluAttrs): tf.Tensor {
  const near = nearZero(x);
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
