// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  numericGradient,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { dot, weightedGradient, withKernel } from './stock.ts';

// As TensorFlow.js registers it, before any backend is started.
const stockSum = tf.getKernel('Sum', 'wasm');
const stockMean = tf.getKernel('Mean', 'wasm');

/** Sums over some axes, one number after the other in float64. */
function naiveSum(
  values: ArrayLike<number>,
  shape: readonly number[],
  axes: readonly number[],
): Float64Array {
  const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const sums = new Float64Array(kept.reduce((product, length) => product * length, 1));
  for (let place = 0; place < values.length; place++) {
    let [rest, to, stride] = [place, 0, 1];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const length = shape[axis] ?? 1;
      if (!axes.includes(axis)) {
        to += (rest % length) * stride;
        stride *= length;
      }
      rest = Math.floor(rest / length);
    }
    sums[to] = (sums[to] ?? 0) + (values[place] ?? 0);
  }
  return sums;
}

/** More than 2^24, the first number that float32 cannot count up from. */
const many = 17_000_000;

await describeBackends('sum and mean', (backend) => {
  beforeAll(() => poisonMemory());

  if (backend === 'wasm') {
    it('stop at 2^24 in stock TensorFlow.js', async () => {
      const x = tf.ones([many]);
      const sum = withKernel(stockSum, () => tf.sum(x));
      await expectTensorClose(sum, [2 ** 24]);
      const mean = withKernel(stockMean, () => tf.mean(x));
      await expectTensorClose(mean, [2 ** 24 / many]);
      x.dispose();
    });

    it('of nothing are 0 and NaN', async () => {
      await expectTensorClose(tf.sum(tf.zeros([3, 0]), 1), { shape: [3], data: [0, 0, 0] });
      const [mean] = await tf.mean(tf.zeros([0])).data();
      expect(mean).toBeNaN();
    });
  }

  if (backend === 'tensorflow') {
    // No backend has been used so far.
    const stock = tf.getKernel('Sum', 'tensorflow');

    it('stop at 2^24 in stock TensorFlow where the axis is not the last', async () => {
      const x = tf.ones([many, 2]);
      const sum = withKernel(stock, () => tf.sum(x, 0));
      await expectTensorClose(sum, [2 ** 24, 2 ** 24]);
      x.dispose();
    });
  }

  // Beyond the largest buffer of SwiftShader.
  if (backend !== 'webgpu') {
    it.each([
      { shape: [many], axis: 0, expected: [many] },
      // Plain JavaScript adds up in float64, and takes its time.
      ...(backend === 'cpu' ? [] : [{ shape: [many, 2], axis: 0, expected: [many, many] }]),
    ])('count $shape ones over axis $axis', async ({ shape, axis, expected }) => {
      const x = tf.ones(shape);
      await expectTensorClose(tf.sum(x, axis), expected, { rtol: 1e-7, atol: 0 });
      const ones = expected.map(() => 1);
      await expectTensorClose(tf.mean(x, axis), ones, { rtol: 1e-7, atol: 0 });
      x.dispose();
    });
  }

  describe.each([
    { shape: [], axes: [] },
    { shape: [1], axes: [0] },
    { shape: [7], axes: [0] },
    { shape: [4099], axes: [0] },
    { shape: [300_001], axes: [0] },
    { shape: [5, 3], axes: [0] },
    { shape: [5, 3], axes: [1] },
    { shape: [5, 3], axes: [0, 1] },
    { shape: [70, 19], axes: [0] },
    { shape: [9001, 18], axes: [0] },
    { shape: [9001, 1], axes: [0] },
    { shape: [3, 4097, 37], axes: [1] },
    { shape: [2, 70_001, 3], axes: [1] },
    { shape: [2, 3000, 3, 2], axes: [1, 2] },
    { shape: [2, 3, 4, 5], axes: [0, 2] },
    { shape: [2, 3, 4, 5], axes: [1, 3] },
    { shape: [2, 3, 4, 5], axes: [3, 0, 1] },
    { shape: [2, 3, 2, 5, 2], axes: [0, 2, 4] },
    { shape: [1, 6, 1, 2], axes: [0, 2] },
  ])('of $shape over $axes', ({ shape, axes }) => {
    it('are those of plain loops, and so is their gradient', async () => {
      const x = randomTensor(randomKey('sum', ...shape), shape);
      const values = Float64Array.from(await x.data());
      const expected = naiveSum(values, shape, axes);
      const count = values.length / expected.length;
      const outShape = shape.filter((_, axis) => !axes.includes(axis));
      // Parts of the sum of the absolute values, since the sums themselves may cancel.
      const atol = 2e-7 * Math.max(...naiveSum(values.map(Math.abs), shape, axes));
      const counted = axes.map((axis) => (axis % 2 === 0 ? axis : axis - shape.length));
      const sum = tf.sum(x, counted);
      await expectTensorClose(sum, { shape: outShape, data: expected }, { rtol: 3e-7, atol });
      const kept = tf.sum(x, counted, true);
      expect(kept.shape).toEqual(shape.map((length, axis) => (axes.includes(axis) ? 1 : length)));
      const mean = { shape: outShape, data: expected.map((value) => value / count) };
      await expectTensorClose(tf.mean(x, counted), mean, { rtol: 3e-7, atol: atol / count });
      await expectNoLeak(() => tf.tidy(() => void [tf.sum(x, counted), tf.mean(x, counted)]));
      if (values.length > 1000) return;
      const weights = randomTensor(randomKey('weights'), outShape);
      const w = await weights.data();
      const gradient = numericGradient((y) => dot(naiveSum(y, shape, axes), w), values);
      await expectTensorClose(
        weightedGradient((y) => tf.sum(y, counted), x, weights),
        { shape, data: gradient },
      );
    });
  });

  it('take integers and booleans', async () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 7], [2, 3], 'int32');
    const sum = tf.sum(x, 0);
    expect(sum.dtype).toBe('int32');
    await expectTensorClose(sum, [5, 7, 10]);
    await expectTensorClose(tf.mean(x, 1), [2, 16 / 3]);
    await expectTensorClose(tf.sum(tf.tensor1d([1, 0, 1], 'bool')), [2]);
    await expectTensorClose(tf.mean(tf.tensor1d([1, 0, 1, 1], 'bool')), [0.75]);
  });

  it('carry a NaN and an infinity', async () => {
    const x = tf.tensor2d([Number.NaN, 1, 2, Number.POSITIVE_INFINITY], [2, 2]);
    const [first, second] = await tf.sum(x, 1).data();
    expect(first).toBeNaN();
    expect(second).toBe(Number.POSITIVE_INFINITY);
  });
});
