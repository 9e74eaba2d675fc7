import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';
import { sumToShape } from '../sum-to-shape.ts';

type OfTwo = (a: tf.Tensor, b: tf.Tensor, dy: tf.Tensor) => tf.Tensor;

/** The gradient of a function of two operands, each of which may be broadcast. */
function ofTwo(kernelName: string, byA: OfTwo, byB: OfTwo): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, saved) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      return {
        a: () => sumToShape(byA(a, b, dy as tf.Tensor), a.shape),
        b: () => sumToShape(byB(a, b, dy as tf.Tensor), b.shape),
      };
    },
  };
}

const where = (condition: tf.Tensor, dy: tf.Tensor) => tf.mul(dy, tf.cast(condition, 'float32'));

// Of equal numbers, a is the one that was taken, as in TensorFlow.
const configs = [
  ofTwo(
    'SquaredDifference',
    (a, b, dy) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (a, b, dy) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  ),
  ofTwo(
    'Maximum',
    (a, b, dy) => where(tf.greaterEqual(a, b), dy),
    (a, b, dy) => where(tf.less(a, b), dy),
  ),
  ofTwo(
    'Minimum',
    (a, b, dy) => where(tf.lessEqual(a, b), dy),
    (a, b, dy) => where(tf.greater(a, b), dy),
  ),
];

/** Summed to the operand's shape where it was broadcast, which stock TensorFlow.js leaves out. */
export function registerBroadcastGradients(): void {
  for (const config of configs) replaceGradient(config);
}
