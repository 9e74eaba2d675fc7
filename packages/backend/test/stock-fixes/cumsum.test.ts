// In a process of its own: it takes kernels as TensorFlow.js registers them.
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
import { dot, weightedGradient, withKernel, withStockGradient } from './stock.ts';

/** Running sums along the middle axis of `[outer, length, inner]`. */
function naiveCumsum(
  x: Float64Array,
  [outer, length, inner]: readonly [number, number, number],
  exclusive: boolean,
  reverse: boolean,
): Float64Array {
  const y = new Float64Array(x.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let sum = 0;
      for (let step = 0; step < length; step++) {
        const t = reverse ? length - 1 - step : step;
        const place = (o * length + t) * inner + i;
        const value = x[place] ?? 0;
        y[place] = exclusive ? sum : sum + value;
        sum += value;
      }
    }
  }
  return y;
}

await describeBackends('cumsum', (backend) => {
  beforeAll(() => poisonMemory());

  it('has a gradient that stock TensorFlow.js transposes where the axis is not the last', async () => {
    const x = tf.zeros([2, 2]);
    const weights = tf.tensor2d([1, 10, 100, 1000], [2, 2]);
    const gradient = () => weightedGradient((y) => tf.cumsum(y, 0), x, weights);
    await expectTensorClose(withStockGradient('Cumsum', gradient), [101, 100, 1010, 1000]);
    await expectTensorClose(gradient(), [101, 1010, 100, 1000]);
  });

  it('has a gradient of another shape than x in stock TensorFlow.js where x is not square', () => {
    const [x, weights] = [tf.zeros([2, 3]), tf.ones([2, 3])];
    const gradient = () => weightedGradient((y) => tf.cumsum(y, 0), x, weights);
    expect(() => withStockGradient('Cumsum', gradient)).toThrow(/shape/);
    expect(gradient().shape).toEqual([2, 3]);
  });

  if (backend === 'webgpu') {
    for (const [name, op, value, four, seven] of [
      ['Cumsum', tf.cumsum, 1, [4, 3, 2, 1], [7, 6, 5, 4, 3, 2, 1]],
      ['Cumprod', tf.cumprod, 2, [16, 8, 4, 2], [128, 64, 32, 16, 8, 4, 2]],
    ] as const) {
      // No backend has been used so far.
      const stock = tf.getKernel(name, 'webgpu');

      it(`goes on with the length of the first call in stock TensorFlow.js: ${name}`, async () => {
        const reverse = (length: number) => op(tf.fill([length], value), 0, false, true);
        await expectTensorClose(
          withKernel(stock, () => reverse(4)),
          [...four],
        );
        const wrong = await withKernel(stock, () => reverse(7)).data();
        expect([...wrong]).not.toEqual(seven);
        await expectTensorClose(reverse(4), [...four]);
        await expectTensorClose(reverse(7), [...seven]);
      });
    }
  }

  it('also goes along an axis that is counted from the end', async () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    await expectTensorClose(tf.cumsum(x, -1), { shape: [2, 3], data: [1, 3, 6, 4, 9, 15] });
    await expectTensorClose(tf.cumsum(x, -2), { shape: [2, 3], data: [1, 2, 3, 5, 7, 9] });
    await expectTensorClose(tf.cumprod(x, -2), { shape: [2, 3], data: [1, 2, 3, 4, 10, 18] });
  });

  describe.each([
    { shape: [5], axis: 0, as: [1, 5, 1] },
    { shape: [2, 3, 4], axis: 0, as: [1, 2, 12] },
    { shape: [2, 3, 4], axis: 1, as: [2, 3, 4] },
    { shape: [2, 3, 4], axis: -2, as: [2, 3, 4] },
    { shape: [2, 3, 4], axis: -1, as: [6, 4, 1] },
    { shape: [1, 7, 1, 2], axis: 1, as: [1, 7, 2] },
  ] as const)('of shape $shape along axis $axis', ({ shape, axis, as }) => {
    it.each([
      { exclusive: false, reverse: false },
      { exclusive: true, reverse: false },
      { exclusive: false, reverse: true },
      { exclusive: true, reverse: true },
    ])(
      'and its gradient are those of plain loops (exclusive $exclusive, reverse $reverse)',
      async (how) => {
        const x = randomTensor(randomKey(1, 'x'), shape);
        const weights = randomTensor(randomKey(1, 'weights'), shape);
        const w = await weights.data();
        const f = (y: tf.Tensor) => tf.cumsum(y, axis, how.exclusive, how.reverse);
        const naive = (y: Float64Array) => naiveCumsum(y, as, how.exclusive, how.reverse);
        await expectTensorClose(f(x), naive(Float64Array.from(await x.data())));
        const expected = numericGradient((y) => dot(naive(y), w), await x.data());
        await expectTensorClose(weightedGradient(f, x, weights), {
          shape: [...shape],
          data: expected,
        });
        await expectNoLeak(() => weightedGradient(f, x, weights).dispose());
      },
    );
  });
});
