// In a process of its own: it takes what stock TensorFlow.js gives before any mend.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeBackends, expectNoLeak, expectTensorClose } from '../../src/testing/index.ts';

const { POSITIVE_INFINITY: largest, NEGATIVE_INFINITY: smallest } = Number;

/** Two matrices, of 3 rows and 4 columns each. */
const matrices = () =>
  tf.tensor3d(
    Array.from({ length: 24 }, (_, i) => (i % 7) - 3),
    [2, 3, 4],
  );

await tf.setBackend('cpu');
const stock = {
  shape: tf.norm(matrices(), 1, [-2, -1]).shape,
  gradient: await tf
    .grad((x) => tf.norm(x))(tf.zeros([2]))
    .data(),
};

await describeBackends('norm', () => {
  it('has wrong shapes and NaN in stock TensorFlow.js', () => {
    expect(stock.shape).toEqual([4]);
    expect([...stock.gradient]).toEqual([Number.NaN, Number.NaN]);
  });

  // Of the rows -3 -2 -1 0, 1 2 3 -3, -2 -1 0 1 and 2 3 -3 -2, -1 0 1 2, 3 -3 -2 -1, by NumPy.
  it.each([
    { order: 1, axes: [-2, -1], wanted: [6, 6] },
    { order: largest, axes: [-2, -1], wanted: [9, 10] },
    { order: smallest, axes: [-2, -1], wanted: [4, 4] },
    { order: 1, axes: [1, 2], wanted: [6, 6] },
    { order: 1, axes: [0, -1], wanted: [5, 5, 5] },
    { order: largest, axes: [-3, 1], wanted: [6, 6, 6, 5] },
  ])('of order $order along the axes $axes', async ({ order, axes, wanted }) => {
    await expectTensorClose(tf.norm(matrices(), order, axes), wanted);
    const kept = tf.norm(matrices(), order, axes, true);
    const place = axes.map((axis) => (axis + 3) % 3);
    expect(kept.shape).toEqual([2, 3, 4].map((n, axis) => (place.includes(axis) ? 1 : n)));
    await expectTensorClose(kept, wanted);
  });

  it('has a gradient of zero at zero, first and second', async () => {
    const x = tf.tensor2d([0, 0, 3, 4], [2, 2]);
    const first = tf.grad((y: tf.Tensor) => tf.sum(tf.norm(y, 2, 1)));
    await expectTensorClose(first(x), [0, 0, 0.6, 0.8]);
    await expectTensorClose(tf.grad((y) => tf.norm(y))(tf.zeros([3])), [0, 0, 0]);
    await expectTensorClose(tf.grad((y) => tf.norm(y, 'fro', [0, 1]))(tf.zeros([1, 3])), [0, 0, 0]);
    await expectTensorClose(tf.grad((y) => tf.euclideanNorm(y))(tf.zeros([3])), [0, 0, 0]);
    // The derivative of x1 / |x| by both: (x2², -x1 x2) / |x|³.
    const second = tf.grad((y: tf.Tensor) => tf.sum(tf.slice(first(y), [0, 0], [2, 1])));
    await expectTensorClose(second(x), [0, 0, 0.128, -0.096]);
    await expectNoLeak(() => first(x).dispose());
  });
});
