import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from '../checks.ts';
import { withGradient } from '../own-gradient.ts';

// 0.5 (1 + tanh(u)) = sigmoid(2u), and the sigmoid is much the faster on wasm; so with
// u = sqrt(2/pi) (x + 0.044715 x³) the argument of the sigmoid is x (a + b x²).
const a = 2 * Math.sqrt(2 / Math.PI);
const b = a * 0.044715;

/**
 * Gaussian error linear unit in its tanh form: 0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³)))
 * (arXiv 1606.08415, section 2). The backward pass keeps two tensors of the size of `x`.
 *
 * @param x any shape, float32. @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  checkTensor('x', x, ['...']);
  return withGradient([x], () => {
    const { y, gate } = geluForward(x);
    return {
      value: y,
      saved: [x, gate],
      backward: (dy, [savedX, savedGate]) => [
        geluBackward(dy, savedX as tf.Tensor, savedGate as tf.Tensor),
      ],
    };
  });
}

/** y = x · gate, with gate = sigmoid(x (a + b x²)). */
function geluForward(x: tf.Tensor): { y: tf.Tensor; gate: tf.Tensor } {
  const gate = tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), b), a)));
  return { y: tf.mul(x, gate), gate };
}

/** `dy` · gate (1 + x (1 - gate) (a + 3b x²)). */
function geluBackward(dy: tf.Tensor, x: tf.Tensor, gate: tf.Tensor): tf.Tensor {
  const slope = tf.add(tf.mul(tf.square(x), 3 * b), a);
  const rest = tf.sub(x, tf.mul(x, gate));
  return tf.mul(dy, tf.mul(gate, tf.add(tf.mul(rest, slope), 1)));
}
