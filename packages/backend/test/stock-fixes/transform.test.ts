// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { dot, weightedGradient, withKernel } from './stock.ts';

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

  describe.each(['nearest', 'bilinear'] as const)('%s', (interpolation) => {
    it.each(['constant', 'reflect', 'wrap', 'nearest'] as const)(
      'go back to where each number came from: %s',
      async (fillMode) => {
        const shape: [number, number, number, number] = [2, 3, 4, 2];
        const size = 48;
        const both = tf.tensor2d([
          [0.8, -0.3, 0.4, 0.2, 1.1, -0.6, 0.05, -0.02],
          [1.3, 0.2, -0.7, -0.4, 0.7, 0.9, 0, 0],
        ]);
        const move = (x: tf.Tensor, fill = 0) =>
          tf.image.transform(x as tf.Tensor4D, both, interpolation, fillMode, fill, [3, 5]);
        const dy = randomTensor(randomKey('dy'), [2, 3, 5, 2]);
        const weights = await dy.data();
        // It is linear: each number goes where a 1 in its place does.
        const wanted = await Promise.all(
          Array.from({ length: size }, async (_, place) => {
            const one = tf.oneHot(tf.tensor1d([place], 'int32'), size);
            return dot(await move(tf.cast(tf.reshape(one, shape), 'float32')).data(), weights);
          }),
        );
        const x = randomTensor(randomKey('x'), shape);
        const work = () => weightedGradient((y) => move(y, 7), x, dy);
        await expectTensorClose(work(), wanted);
        await expectNoLeak(() => work().dispose());
      },
    );
  });

  it('have no gradient by the transforms', () => {
    const f = (transforms: tf.Tensor) =>
      tf.image.transform(images(), transforms as tf.Tensor2D, 'bilinear');
    expect(() => tf.grad(f)(tf.tensor2d([right]))).toThrow('transforms');
  });
});
