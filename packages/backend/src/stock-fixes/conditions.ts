import type * as tf from '@tensorflow/tfjs-core';
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

/** Comparisons and logic are piecewise constant. Stock TensorFlow.js has no gradient for most of them. */
export function registerConditions(): void {
  for (const config of [...ofTwo, ...ofOne]) replaceGradient(config);
}
