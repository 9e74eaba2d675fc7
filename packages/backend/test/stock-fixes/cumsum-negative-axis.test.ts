import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { useBackend } from '../../src/index.ts';
import { withKernel } from './stock.ts';

const stock = tf.getKernel('Cumsum', 'cpu');

// In a file, and so in a process, of its own: the stock kernel leaves TensorFlow.js' counts of memory as NaN.
it('cumsum along an axis counted from the end is wrong in stock TensorFlow.js', async () => {
  await useBackend('cpu');
  const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
  const sums = () => [...tf.cumsum(x, -2).dataSync()];
  expect(sums()).toEqual([1, 2, 3, 5, 7, 9]);
  expect(withKernel(stock, sums)).not.toEqual([1, 2, 3, 5, 7, 9]);
});
