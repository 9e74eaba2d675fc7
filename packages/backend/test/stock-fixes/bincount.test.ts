// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

// As TensorFlow.js registers them, before any backend is started.
const stockRows = tf.getKernel('Bincount', 'wasm');
const stockWhether = tf.getKernel('DenseBincount', 'cpu');

await describeBackends('counts of numbers', (backend) => {
  beforeAll(() => poisonMemory());

  const x = () => tf.tensor([1, 0, 3, 1, 1, 5], [3, 2, 1], 'int32') as unknown as tf.Tensor1D;
  const none = () => tf.tensor1d([]);

  it('are of all numbers, whatever the shape', async () => {
    const numbers = x();
    const work = () => tf.bincount(numbers, none(), 5);
    expect(work().shape).toEqual([5]);
    await expectTensorClose(work(), [1, 3, 0, 1, 0]);
    await expectNoLeak(() => tf.tidy(() => void work()));
    const weights = tf.tensor([0.5, 1, 2, 0.25, 4, 8], [3, 2, 1]) as unknown as tf.Tensor1D;
    await expectTensorClose(tf.bincount(numbers, weights, 5), [1, 4.75, 0, 2, 0]);
    if (backend === 'wasm') expect(withKernel(stockRows, work).shape).toEqual([3, 5]);
  });

  it('or whether they are there', async () => {
    const list = tf.tensor1d([1, 0, 1], 'int32');
    const work = () => tf.denseBincount(list, none(), 3, true);
    await expectTensorClose(work(), [1, 1, 0]);
    const rows = tf.tensor2d([1, 1, 0, 2], [2, 2], 'int32');
    await expectTensorClose(
      tf.denseBincount(rows, none() as tf.Tensor as tf.Tensor2D, 3, true),
      [0, 1, 0, 1, 0, 1],
    );
    await expectNoLeak(() => tf.tidy(() => void work()));
    if (backend !== 'cpu') return;
    await expectTensorClose(withKernel(stockWhether, work), [1, 2, 0]);
  });

  it('find the threshold of an image', async () => {
    const image = tf.tensor3d([20, 30, 200, 25, 220, 210], [2, 3, 1], 'int32');
    await expectTensorClose(tf.image.threshold(image, 'otsu'), [0, 0, 255, 0, 255, 255]);
  });
});
