// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomInt, randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  numericGradient,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { dot, weightedGradient, withKernel, withStockGradient } from './stock.ts';

// As TensorFlow.js registers it, before any backend is started.
const stockOnWasm = tf.getKernel('GatherV2', 'wasm');

/** The place in a tensor of this shape. */
const placeOf = (shape: readonly number[], at: readonly number[]): number =>
  shape.reduce((place, length, axis) => place * length + (at[axis] ?? 0), 0);

/** All positions in a tensor of this shape, in order. */
function positions(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (before, length) =>
      before.flatMap((at) => Array.from({ length }, (_, index) => [...at, index])),
    [[]],
  );
}

/** `out[b.., o.., k.., i..] = x[b.., o.., indices[b.., k..], i..]`, as TensorFlow documents it. */
function naiveGather(
  x: ArrayLike<number>,
  xShape: readonly number[],
  indices: ArrayLike<number>,
  indicesShape: readonly number[],
  axis: number,
  batch: number,
): { shape: number[]; data: number[] } {
  const picked = indicesShape.slice(batch);
  const shape = [...xShape.slice(0, axis), ...picked, ...xShape.slice(axis + 1)];
  const data = positions(shape).map((at) => {
    const k = at.slice(axis, axis + picked.length);
    const index = indices[placeOf(indicesShape, [...at.slice(0, batch), ...k])] ?? Number.NaN;
    const from = [...at.slice(0, axis), index, ...at.slice(axis + picked.length)];
    return x[placeOf(xShape, from)] ?? Number.NaN;
  });
  return { shape, data };
}

await describeBackends('gather', (backend) => {
  beforeAll(() => poisonMemory());

  const matrix = () => tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]);
  const oneOfEach = () => tf.tensor2d([2, 0, 1], [3, 1], 'int32');

  it('takes for each row its own index', async () => {
    const work = () => tf.gather(matrix(), oneOfEach(), 1, 1);
    if (backend === 'wasm') {
      const wrong = await withKernel(stockOnWasm, work).data();
      expect([...wrong]).not.toEqual([3, 4, 8]);
    }
    await expectTensorClose(work(), { shape: [3, 1], data: [3, 4, 8] });
  });

  it('has for each row its own gradient', async () => {
    const gradient = () =>
      weightedGradient(
        (x) => tf.gather(x, oneOfEach(), 1, 1),
        matrix(),
        tf.tensor2d([1, 10, 100], [3, 1]),
      );
    await expectTensorClose(gradient(), [0, 0, 1, 10, 0, 0, 0, 100, 0]);
  });

  it('has a gradient of batches of two axes, which stock TensorFlow.js refuses', async () => {
    const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const indices = tf.tensor3d([1, 0, 0, 1], [2, 2, 1], 'int32');
    const weights = tf.tensor3d([1, 2, 3, 4], [2, 2, 1]);
    const gradient = () => weightedGradient((y) => tf.gather(y, indices, 2, 2), x, weights);
    expect(() => withStockGradient('GatherV2', gradient)).toThrow(/reshape|Size/);
    await expectTensorClose(gradient(), [0, 1, 2, 0, 3, 0, 0, 4]);
  });

  describe.each([
    { x: [5], indices: [3], axis: 0, batchDims: 0 },
    { x: [5], indices: [], axis: 0, batchDims: 0 },
    { x: [5, 3], indices: [2, 4], axis: 0, batchDims: 0 },
    { x: [5, 3], indices: [7], axis: 1, batchDims: 0 },
    { x: [5, 3], indices: [2, 2], axis: -1, batchDims: 0 },
    { x: [2, 5, 3], indices: [4], axis: -2, batchDims: 0 },
    { x: [2, 5, 33], indices: [9], axis: 1, batchDims: 0 },
    { x: [4, 6], indices: [4, 2], axis: 1, batchDims: 1 },
    { x: [4, 6], indices: [4], axis: 1, batchDims: 1 },
    { x: [4, 6], indices: [4, 3], axis: -1, batchDims: -1 },
    { x: [3, 5, 2], indices: [3, 4], axis: 1, batchDims: 1 },
    { x: [3, 2, 5], indices: [3, 4], axis: 2, batchDims: 1 },
    { x: [3, 5, 20], indices: [3, 2, 2], axis: 1, batchDims: 1 },
    { x: [2, 3, 5], indices: [2, 3, 4], axis: 2, batchDims: 2 },
    { x: [2, 3, 5], indices: [2, 3], axis: 2, batchDims: 2 },
    { x: [2, 3, 4, 5, 2], indices: [2, 3, 3], axis: 3, batchDims: 2 },
    { x: [2, 3, 4, 5], indices: [2, 3, 1, 6], axis: -1, batchDims: -2 },
    { x: [1, 7, 1], indices: [1, 3], axis: 1, batchDims: 1 },
  ])('of $x by $indices along axis $axis, batchDims $batchDims', (size) => {
    it('and its gradient are those of plain loops', async () => {
      const axis = size.axis < 0 ? size.axis + size.x.length : size.axis;
      const batch = size.batchDims < 0 ? size.batchDims + size.indices.length : size.batchDims;
      const count = size.indices.reduce((product, length) => product * length, 1);
      const list = Int32Array.from(randomInt(randomKey('indices'), count, size.x[axis] ?? 1));
      const indices = tf.tensor(list, size.indices, 'int32');
      const x = randomTensor(randomKey('x'), size.x);
      const naive = (y: ArrayLike<number>) =>
        naiveGather(y, size.x, list, size.indices, axis, batch);
      const f = (y: tf.Tensor) => tf.gather(y, indices, size.axis, size.batchDims);
      const values = await x.data();
      const expected = naive(values);
      await expectTensorClose(f(x), expected, { rtol: 0, atol: 0 });
      const weights = randomTensor(randomKey('weights'), expected.shape);
      const w = await weights.data();
      const gradient = numericGradient((y) => dot(naive(y).data, w), values);
      const work = () => weightedGradient(f, x, weights);
      await expectTensorClose(work(), { shape: size.x, data: gradient });
      await expectNoLeak(() => work().dispose());
    });
  });

  it('adds up what was taken several times, also for a gradient of the gradient', async () => {
    const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const indices = tf.tensor2d([1, 1, 1, 0, 0, 1], [2, 3], 'int32');
    const f = (y: tf.Tensor) => tf.sum(tf.square(tf.gather(y, indices, 1, 1)));
    await expectTensorClose(tf.grad(f)(x), [0, 12, 12, 8]);
    const second = tf.grad((y) => tf.sum(tf.square(tf.grad(f)(y))));
    // The gradient is 2 n x for a number taken n times; the sum of its squares has 8 n^2 x.
    await expectTensorClose(second(x), [0, 144, 96, 32]);
  });

  it.each(['int32', 'bool'] as const)('takes %s', async (dtype) => {
    const x = tf.tensor2d([1, 0, 0, 1, 1, 0], [2, 3], dtype);
    const y = tf.gather(x, tf.tensor2d([2, 0, 1, 1], [2, 2], 'int32'), 1, 1);
    expect(y.dtype).toBe(dtype);
    await expectTensorClose(y, [0, 1, 1, 1]);
  });

  // WebGPU would have to wait for the indices.
  if (backend !== 'webgpu') {
    it.each([-1, 3])('refuses an index of %d beyond the axis', (index) => {
      const work = () => tf.gather(matrix(), tf.tensor1d([0, index], 'int32'), 1);
      expect(work).toThrow(`the index value ${index} is not in [0, 2]`);
    });
  }
});
