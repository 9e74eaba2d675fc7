// In a process of its own: it takes kernels as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends } from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

// In a file, and so in a process, of its own: the stock kernels leave TensorFlow.js' counts of memory as NaN.
await describeBackends(
  'cumsum and cumprod along an axis counted from the end',
  (backend) => {
    // No backend has been used so far.
    const stock = { sum: tf.getKernel('Cumsum', backend), prod: tf.getKernel('Cumprod', backend) };

    const stockOutcome = async (kernel: tf.KernelConfig, work: () => tf.Tensor) => {
      try {
        return [...(await withKernel(kernel, work).data())];
      } catch (error) {
        return String(error);
      }
    };

    it('are wrong, or throw, in stock TensorFlow.js', async () => {
      const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
      const sum = () => tf.cumsum(x, -2);
      const prod = () => tf.cumprod(x, -2);
      const [sums, products] = [
        [1, 2, 3, 5, 7, 9],
        [1, 2, 3, 4, 10, 18],
      ];
      expect([...(await sum().data())]).toEqual(sums);
      expect([...(await prod().data())]).toEqual(products);
      expect(await stockOutcome(stock.sum, sum)).not.toEqual(sums);
      expect(await stockOutcome(stock.prod, prod)).not.toEqual(products);
    });
  },
  ['cpu', 'wasm', 'webgpu'],
);
