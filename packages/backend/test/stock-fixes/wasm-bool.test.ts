// In a process of its own: it takes kernels as TensorFlow.js registers them.
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
const stockCast = tf.getKernel('Cast', 'wasm');
const stockOneHot = tf.getKernel('OneHot', 'wasm');
const stockStridedSlice = tf.getKernel('StridedSlice', 'wasm');

const bools = (values: readonly (0 | 1)[], shape: [number, number]): tf.Tensor =>
  tf.tensor2d(values as number[], shape, 'bool');

await describeBackends('booleans', (backend) => {
  beforeAll(() => poisonMemory());

  const floats = [0.5, -0.5, 0.3, 0, -0, 1, 2, -3, 256, 65_536, 1e30, -1e-30, Number.NaN];
  const integers = [0, 1, 2, 255, 256, 65_536, 16_777_216, -1, -256, 2 ** 31 - 1];

  it.each([
    {
      dtype: 'float32' as const,
      values: [...floats, Number.POSITIVE_INFINITY],
      expected: [1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    },
    { dtype: 'int32' as const, values: integers, expected: [0, 1, 1, 1, 1, 1, 1, 1, 1, 1] },
    { dtype: 'bool' as const, values: [1, 0, 0, 1, 1], expected: [1, 0, 0, 1, 1] },
  ])('of $dtype are whether a number is another than 0', async ({ dtype, values, expected }) => {
    const x = tf.tensor1d(values, dtype);
    const work = () => tf.cast(x, 'bool');
    if (backend === 'wasm' && dtype !== 'bool') {
      const wrong = await withKernel(stockCast, work).data();
      expect([...wrong]).not.toEqual(expected);
    }
    const y = work();
    expect(y.dtype).toBe('bool');
    await expectTensorClose(y, expected);
    await expectTensorClose(tf.cast(y, 'float32'), expected);
    await expectTensorClose(tf.cast(y, 'int32'), expected);
    await expectTensorClose(
      tf.logicalNot(y),
      expected.map((value) => 1 - value),
    );
    await expectTensorClose(
      tf.where(y, 3, 4),
      expected.map((value) => 4 - value),
    );
    await expectNoLeak(() => work().dispose());
  });

  const mask = () => bools([1, 0, 0, 1, 1, 0], [2, 3]);

  // Stock ones are not run: they write into memory of other tensors, and of the heap itself.
  it.each([
    {
      name: 'Select',
      work: () => tf.where(mask(), mask(), bools([1, 1, 0, 0, 0, 1], [2, 3])),
      expected: [1, 1, 0, 1, 1, 1],
    },
    { name: 'Reverse', work: () => tf.reverse(mask(), 1), expected: [0, 0, 1, 0, 1, 1] },
    {
      name: 'StridedSlice',
      work: () => tf.stridedSlice(mask(), [0, 0], [2, 3], [1, 2]),
      expected: [1, 0, 1, 0],
    },
    {
      name: 'OneHot',
      work: () => tf.oneHot(tf.tensor1d([1, 0], 'int32'), 3, 1, 0, 'bool' as 'int32'),
      expected: [0, 1, 0, 1, 0, 0],
    },
  ])('keep to their own memory: $name', async ({ work, expected }) => {
    const y = work();
    expect(y.dtype).toBe('bool');
    await expectTensorClose(y, expected);
    await expectNoLeak(() => tf.tidy(() => void work()));
  });

  it('and integers are parts of a tensor of their own type', async () => {
    const x = tf.tensor2d([1, 2, 3, 4, 5, 7], [2, 3], 'int32');
    const work = () => tf.stridedSlice(x, [0, 0], [2, 3], [1, 2]);
    if (backend === 'wasm') expect(withKernel(stockStridedSlice, work).dtype).toBe('float32');
    const y = work();
    expect(y.dtype).toBe('int32');
    await expectTensorClose(y, [1, 3, 4, 7]);
  });

  it('and integers are counted from in one-hot rows of floats', async () => {
    const indices = tf.tensor1d([2, 0, -1], 'int32');
    const work = () => tf.oneHot(indices, 3, 0.875, 0.0625, 'float32' as 'int32');
    const [on, off] = [0.875, 0.0625];
    if (backend === 'wasm') {
      const wrong = await withKernel(stockOneHot, work).data();
      expect([...wrong]).not.toEqual([off, off, on, on, off, off, off, off, off]);
    }
    const y = work();
    expect(y.dtype).toBe('float32');
    await expectTensorClose(y, [off, off, on, on, off, off, off, off, off]);
    await expectNoLeak(() => work().dispose());
  });
});
