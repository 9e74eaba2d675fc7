import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';
import { sumToShape } from '../sum-to-shape.ts';

/** The quotient inside of `tf.divNoNan`, on the tape under a name of its own. */
export const quotientOfDivNoNan = 'NeverendQuotientOfDivNoNan';

const quotient: tf.GradConfig = {
  kernelName: quotientOfDivNoNan,
  gradFunc: (dy, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const none = tf.equal(b, 0);
    const over = (x: tf.Tensor) => {
      const y = tf.div(x, tf.where(none, tf.onesLike(b), b));
      return tf.where(none, tf.zerosLike(y), y);
    };
    return {
      a: () => sumToShape(over(dy as tf.Tensor), a.shape),
      b: () => sumToShape(over(tf.neg(over(tf.mul(dy as tf.Tensor, a)))), b.shape),
    };
  },
};

/** The root inside of `tf.norm`, on the tape under a name of its own. */
export const rootOfNorm = 'NeverendRootOfNorm';

const root: tf.GradConfig = {
  kernelName: rootOfNorm,
  gradFunc: (dy, saved) => {
    const [x] = saved as [tf.Tensor];
    return {
      x: () => {
        const none = tf.equal(x, 0);
        const twice = tf.mul(tf.sqrt(tf.where(none, tf.onesLike(x), x)), 2);
        return tf.where(none, tf.zerosLike(x), tf.div(dy as tf.Tensor, twice));
      },
    };
  },
};

const abs: tf.GradConfig = {
  kernelName: 'Abs',
  inputsToSave: ['x'],
  gradFunc: (dy, saved) => {
    const [x] = saved as [tf.Tensor];
    return { x: () => tf.mul(dy as tf.Tensor, tf.sign(tf.cast(x, 'float32'))) };
  },
};

/** Zero where the divisor is, and at the corners of `abs` and `norm`; stock TensorFlow.js has NaN, -1 and NaN there. */
export function registerZeroGradients(): void {
  for (const config of [quotient, root, abs]) replaceGradient(config);
}
