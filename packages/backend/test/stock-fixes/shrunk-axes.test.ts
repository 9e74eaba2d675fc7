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
const stock = Object.fromEntries(
  ['cpu', 'wasm'].map((backend) => [backend, tf.getKernel('StridedSlice', backend)]),
);

/** Begin, end and step of each axis, those that are left out, and those of which one place is taken. */
interface Case {
  readonly of: readonly (readonly [begin: number, end: number, step: number])[];
  readonly beginMask?: number;
  readonly endMask?: number;
  readonly shrinkAxisMask: number;
  readonly shape: readonly number[];
  readonly wanted: readonly number[];
}

// Of the number 100 i + 10 j + k at [i, j, k], for 2 i, 3 j and 4 k.
const cases: Case[] = [
  {
    of: [
      [1, 2, 1],
      [-1, -9, -1],
    ],
    shrinkAxisMask: 1,
    shape: [3, 4],
    wanted: [120, 121, 122, 123, 110, 111, 112, 113, 100, 101, 102, 103],
  },
  {
    of: [
      [0, 1, 1],
      [0, 3, 2],
      [1, 2, 1],
    ],
    shrinkAxisMask: 5,
    shape: [2],
    wanted: [1, 21],
  },
  {
    of: [
      [0, 2, 1],
      [-1, 0, 1],
      [0, 4, 3],
    ],
    shrinkAxisMask: 2,
    shape: [2, 2],
    wanted: [20, 23, 120, 123],
  },
  {
    of: [
      [0, 2, 1],
      [2, 3, 1],
      [3, 0, -2],
    ],
    shrinkAxisMask: 2,
    shape: [2, 2],
    wanted: [23, 21, 123, 121],
  },
  {
    of: [
      [1, 0, 1],
      [9, 9, -2],
      [2, 3, 1],
    ],
    beginMask: 2,
    endMask: 2,
    shrinkAxisMask: 5,
    shape: [2],
    wanted: [122, 102],
  },
];

await describeBackends('strided slices at single places', (backend) => {
  beforeAll(() => poisonMemory());

  const values = Array.from({ length: 24 }, (_, n) => {
    const [i, j, k] = [Math.floor(n / 12), Math.floor(n / 4) % 3, n % 4];
    return 100 * i + 10 * j + k;
  });

  const sliced = (x: tf.Tensor, { of, beginMask = 0, endMask = 0, shrinkAxisMask }: Case) =>
    tf.stridedSlice(
      x,
      of.map(([begin]) => begin),
      of.map(([, end]) => end),
      of.map(([, , step]) => step),
      ...[beginMask, endMask, 0, 0, shrinkAxisMask],
    );

  it.each(cases)('have the numbers of their axes: $of, $shrinkAxisMask', async (example) => {
    for (const dtype of ['float32', 'int32'] as const) {
      const x = tf.tensor(values, [2, 3, 4], dtype);
      const y = sliced(x, example);
      expect([y.shape, y.dtype]).toEqual([example.shape, dtype]);
      await expectTensorClose(y, [...example.wanted]);
      await expectNoLeak(() => sliced(x, example).dispose());
    }
    const x = tf.tensor(values, [2, 3, 4]);
    const gradient = tf.grad((a) => tf.sum(sliced(a, example)))(x);
    await expectTensorClose(
      gradient,
      values.map((value) => Number(example.wanted.includes(value))),
    );
  });

  it('are empty where nothing lies between their ends', () => {
    const y = tf.stridedSlice(tf.ones([2, 3]), [1, -9], [2, -9], [1, -1], 0, 0, 0, 0, 1);
    expect(y.shape).toEqual([0]);
  });

  it.runIf(stock[backend])('are wrong in stock TensorFlow.js', async () => {
    const x = tf.tensor2d([10, 20, 30, 40], [2, 2]);
    const work = () => tf.stridedSlice(x, [1, 1], [2, -3], [1, -1], 0, 0, 0, 0, 1);
    const numbers = () =>
      withKernel(stock[backend] as tf.KernelConfig, () => [...work().dataSync()]);
    if (backend === 'cpu') expect(numbers).toThrow();
    else expect(numbers()).not.toEqual([40, 30]);
    await expectTensorClose(work(), [40, 30]);
  });
});
