// In a process of its own: it takes kernels as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey, randomPermutation } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  numericGradient,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { dot, weightedGradient, withKernel, withStockGradient } from './stock.ts';

/** The k largest numbers of each row, in falling order. */
function naiveTopK(x: Float64Array, width: number, k: number): number[] {
  const rows = Array.from({ length: x.length / width }, (_, row) =>
    Array.from(x.subarray(row * width, (row + 1) * width)).sort((a, b) => b - a),
  );
  return rows.flatMap((row) => row.slice(0, k));
}

await describeBackends('the gradient of topk', (backend) => {
  beforeAll(() => poisonMemory());

  it('is missing in stock TensorFlow.js', async () => {
    const x = tf.tensor1d([3, 9, 1, 7]);
    const gradient = () => weightedGradient((y) => tf.topk(y, 2).values, x, tf.tensor1d([10, 100]));
    expect(() => withStockGradient('TopK', gradient)).toThrow('not found for TopK');
    await expectTensorClose(gradient(), [0, 10, 0, 100]);
  });

  if (backend === 'webgpu') {
    // No backend has been used so far.
    const stock = tf.getKernel('TopK', 'webgpu');

    it('is doubled where there is one number to take, since stock TensorFlow.js gives x itself', async () => {
      const x = tf.tensor2d([1, 2], [2, 1]);
      const work = () => tf.topk(x, 1).values;
      expect(withKernel(stock, work)).toBe(x);
      const values = work();
      expect(values).not.toBe(x);
      values.dispose();
      await expectTensorClose(x, { shape: [2, 1], data: [1, 2] });
    });
  }

  describe.each([
    { shape: [7], k: 1 },
    { shape: [7], k: 7 },
    { shape: [3, 5], k: 2 },
    { shape: [2, 3, 9], k: 4 },
    { shape: [4, 1], k: 1 },
  ])('of $shape, k $k', ({ shape, k }) => {
    it('is that of finite differences', async () => {
      const size = shape.reduce((product, length) => product * length, 1);
      // All distances between numbers are far above the step.
      const x = tf.tensor(Float32Array.from(randomPermutation(randomKey(4, 'x'), size)), shape);
      const width = shape.at(-1) ?? 1;
      const weights = randomTensor(randomKey(4, 'weights'), [...shape.slice(0, -1), k]);
      const w = await weights.data();
      const f = (y: tf.Tensor) => tf.topk(y, k).values;
      const naive = (y: Float64Array) => naiveTopK(y, width, k);
      await expectTensorClose(f(x), naive(Float64Array.from(await x.data())));
      const expected = numericGradient((y) => dot(naive(y), w), await x.data());
      await expectTensorClose(weightedGradient(f, x, weights), { shape, data: expected });
      await expectNoLeak(() => weightedGradient(f, x, weights).dispose());
    });
  });

  it('stops at the indices, which may gather in the path', async () => {
    const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    const scores = tf.tensor1d([0.5, 2, 1]);
    const f = (s: tf.Tensor, t: tf.Tensor) => {
      const { values, indices } = tf.topk(s, 2);
      return tf.mul(tf.gather(t, indices), tf.expandDims(values, 1));
    };
    const gradients = () => tf.tidy(() => tf.grads(f)([scores, table]));
    expect(() => withStockGradient('GatherV2', gradients)).toThrow(/float32/);
    const [ds, dt] = gradients() as [tf.Tensor, tf.Tensor];
    await expectTensorClose(ds, [0, 7, 11]);
    await expectTensorClose(dt, { shape: [3, 2], data: [0, 0, 2, 2, 1, 1] });
    await expectNoLeak(() => tf.dispose(gradients()));
  });
});
