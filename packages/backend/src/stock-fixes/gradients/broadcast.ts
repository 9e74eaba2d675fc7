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

const where = (condition: tf.Tensor, dy: tf.Tensor) => tf.where(condition, dy, tf.zerosLike(dy));
const unless = (condition: tf.Tensor, dy: tf.Tensor) => tf.where(condition, tf.zerosLike(dy), dy);

const none: OfTwo = (_a, _b, dy) => tf.zerosLike(dy);

// Of equal numbers, a is the one that was taken, as in TensorFlow, and where one is no number.
const configs = [
  ofTwo(
    'SquaredDifference',
    (a, b, dy) => tf.mul(dy, tf.mul(2, tf.sub(a, b))),
    (a, b, dy) => tf.mul(dy, tf.mul(2, tf.sub(b, a))),
  ),
  ofTwo(
    'Maximum',
    (a, b, dy) => unless(tf.less(a, b), dy),
    (a, b, dy) => where(tf.less(a, b), dy),
  ),
  ofTwo(
    'Minimum',
    (a, b, dy) => unless(tf.greater(a, b), dy),
    (a, b, dy) => where(tf.greater(a, b), dy),
  ),
  ofTwo('FloorDiv', none, none),
  ofTwo(
    'Pow',
    (a, b, dy) => {
      const [base, power] = [tf.cast(a, 'float32'), tf.cast(b, 'float32')];
      const slope = tf.mul(power, tf.pow(base, tf.sub(power, 1)));
      const none = tf.logicalAnd(tf.equal(base, 0), tf.equal(power, 0));
      return tf.mul(dy, tf.where(none, 0, slope));
    },
    (a, b, dy) => {
      const base = tf.cast(a, 'float32');
      const log = tf.where(tf.greater(base, 0), tf.log(base), 0);
      return tf.mul(dy, tf.mul(tf.pow(base, tf.cast(b, 'float32')), log));
    },
  ),
];

/**
 * Summed to the operand's shape where it was broadcast, which stock TensorFlow.js leaves out. The slope of a power of 0 is 0, and so are those of
 * `floorDiv`; stock has NaN and those of a quotient.
 */
export function registerBroadcastGradients(): void {
  for (const config of configs) replaceGradient(config);
}
