import * as tf from '@tensorflow/tfjs-core';
import { noGradient, replaceGradient } from './registry.ts';

const ofTwo = [
  ...['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'],
  ...['LogicalAnd', 'LogicalOr', 'LogicalXor'],
].map((kernelName) => ({
  kernelName,
  inputsToSave: ['a', 'b'],
  gradFunc: (_dy: unknown, [a, b]: tf.Tensor[]) => ({ a: noGradient(a), b: noGradient(b) }),
}));

const ofOne = ['LogicalNot', 'All', 'Any'].map((kernelName) => ({
  kernelName,
  inputsToSave: ['x'],
  gradFunc: (_dy: unknown, [x]: tf.Tensor[]) => ({ x: noGradient(x) }),
}));

const select: tf.GradConfig = {
  kernelName: 'Select',
  inputsToSave: ['condition'],
  gradFunc: (dy, saved) => {
    const [condition] = saved as [tf.Tensor];
    const y = dy as tf.Tensor;
    return {
      condition: noGradient(condition),
      t: () => tf.where(condition, y, tf.zerosLike(y)),
      e: () => tf.where(condition, tf.zerosLike(y), y),
    };
  },
};

/**
 * Comparisons and logic are piecewise constant. Stock TensorFlow.js has no gradient for most of them, and that of `where` multiplies by the
 * condition, so that NaN goes both ways.
 */
export function registerConditions(): void {
  for (const config of [...ofTwo, ...ofOne, select]) replaceGradient(config);
}
