// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

// As TensorFlow.js registers them, before any backend is started.
const stock = tf.getKernel('Transform', 'cpu');

await describeBackends('projected images', (backend) => {
  const images = () => tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2, 1]);
  /** What lies right of a pixel, and what lies below it by a half. */
  const [right, below] = [
    [1, 0, 1, 0, 1, 0, 0, 0],
    [1, 0, 0, 0, 1, 0.5, 0, 0],
  ];

  it('are all of them', async () => {
    poisonMemory();
    const [x, one] = [images(), tf.tensor2d([right])];
    const work = () => tf.image.transform(x, one, 'nearest', 'constant', 0);
    await expectTensorClose(work(), [2, 0, 4, 0, 6, 0, 8, 0]);
    await expectNoLeak(() => work().dispose());
    if (backend !== 'cpu') return;
    await expectTensorClose(withKernel(stock, work), [2, 0, 4, 0, 0, 0, 0, 0]);
  });

  it('have transforms of their own', async () => {
    const both = tf.tensor2d([right, below]);
    const y = tf.image.transform(images(), both, 'bilinear', 'constant', 10);
    await expectTensorClose(y, [2, 10, 4, 10, 6, 7, 8.5, 9]);
  });

  it('go up where they lie between two pixels, and may be smaller', async () => {
    const y = tf.image.transform(images(), tf.tensor2d([below]), 'nearest', 'nearest', 0, [1, 2]);
    expect(y.shape).toEqual([2, 1, 2, 1]);
    await expectTensorClose(y, [3, 4, 7, 8]);
  });
});
