// In a process of its own: it takes gradients as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { dot, weightedGradient, withStockGradient } from './stock.ts';

await describeBackends('gradients of lookups', (backend) => {
  beforeAll(() => poisonMemory());

  const list = (...values: number[]) => tf.tensor1d(values, 'int32');

  async function expectGradient(
    f: (x: tf.Tensor) => tf.Tensor,
    x: tf.Tensor,
    weights: tf.Tensor,
    wanted: number[],
  ) {
    const gradient = weightedGradient(f, x, weights);
    expect(gradient.shape).toEqual(x.shape);
    await expectTensorClose(gradient, wanted);
    await expectNoLeak(() => weightedGradient(f, x, weights).dispose());
  }

  it('searchSorted: zero, by the sequence and by the values', async () => {
    const sorted = tf.tensor1d([1, 3, 5]);
    const places = (x: tf.Tensor) => tf.cast(tf.searchSorted(sorted, x), 'float32');
    const f = (x: tf.Tensor) => tf.mul(x, places(x));
    const x = tf.tensor1d([0, 4, 9]);
    await expectGradient(f, x, tf.tensor1d([1, 1, 2]), [0, 2, 6]);
    const of = (s: tf.Tensor) => tf.cast(tf.searchSorted(s, x), 'float32');
    await expectGradient(of, sorted, tf.ones([3]), [0, 0, 0]);
    expect(() => withStockGradient('SearchSorted', () => tf.grad(f)(x))).toThrow('not found');
  });

  it.runIf(backend !== 'webgpu')('unique: equal ones share it', async () => {
    const x = tf.tensor1d([3, 1, 3, 2]);
    await expectGradient((y) => tf.unique(y).values, x, tf.tensor1d([4, 5, 6]), [2, 5, 2, 6]);
    const columns = tf.tensor2d([1, 2, 1, 3, 4, 3], [2, 3]);
    const dy = tf.tensor2d([2, 5, 4, 6], [2, 2]);
    await expectGradient((y) => tf.unique(y, 1).values, columns, dy, [1, 5, 1, 2, 6, 2]);
  });

  it('bincount: to the weights of what is counted', async () => {
    const weights = tf.tensor1d([0.5, 1, 2, 4]);
    const counted = list(2, 0, 2, 7);
    const dy = tf.tensor1d([3, 4, 5]);
    const count = (w: tf.Tensor) => tf.bincount(counted, w as tf.Tensor1D, 3);
    await expectGradient(count, weights, dy, [5, 3, 5, 0]);
    const dense = (w: tf.Tensor) => tf.denseBincount(counted, w as tf.Tensor1D, 3);
    await expectGradient(dense, weights, dy, [5, 3, 5, 0]);
  });

  it('denseBincount: of rows', async () => {
    const rows = tf.tensor2d([0, 1, 1, 9], [2, 2], 'int32');
    const dense = (w: tf.Tensor) => tf.denseBincount(rows, w as tf.Tensor2D, 2);
    const dy = tf.tensor2d([3, 4, 5, 6], [2, 2]);
    await expectGradient(dense, tf.tensor2d([1, 2, 3, 4], [2, 2]), dy, [3, 4, 6, 0]);
  });

  // On webgpu in Node the kernels cannot read what is on the GPU.
  it.runIf(backend !== 'webgpu')('sparseSegmentSum and Mean: to the rows', async () => {
    const data = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const [rows, segments] = [list(0, 2, 0, 0), list(0, 0, 1, 1)];
    const dy = tf.tensor2d([2, 4, 10, 20], [2, 2]);
    const sum = (x: tf.Tensor) => tf.sparse.sparseSegmentSum(x as tf.Tensor2D, rows, segments);
    await expectGradient(sum, data, dy, [22, 44, 0, 0, 2, 4]);
    const mean = (x: tf.Tensor) => tf.sparse.sparseSegmentMean(x as tf.Tensor2D, rows, segments);
    await expectGradient(mean, data, dy, [11, 22, 0, 0, 1, 2]);
  });

  it.runIf(backend !== 'tensorflow')(
    'rotateWithOffset: back to where each number came from',
    async () => {
      const x = tf.tensor4d(
        Array.from({ length: 24 }, (_, i) => i + 1),
        [2, 3, 2, 2],
      );
      const turned = (y: tf.Tensor) => tf.image.rotateWithOffset(y as tf.Tensor4D, 0.7, 5);
      // It is linear: each number goes where a 1 in its place does.
      const dy = tf.tensor4d(
        Array.from({ length: 24 }, (_, i) => ((i * 7) % 11) - 5),
        [2, 3, 2, 2],
      );
      const weights = await dy.data();
      const base = await turned(tf.zerosLike(x)).data();
      const wanted = await Promise.all(
        Array.from({ length: 24 }, async (_, place) => {
          const one = tf.reshape(tf.oneHot(list(place), 24), x.shape);
          const moved = await turned(tf.cast(one, 'float32')).data();
          return dot(moved, weights) - dot(base, weights);
        }),
      );
      expect(wanted.some((value: number) => value !== 0)).toBe(true);
      await expectGradient(turned, x, dy, wanted);
    },
  );
});
