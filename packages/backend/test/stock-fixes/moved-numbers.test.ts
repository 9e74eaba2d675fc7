// In a process of its own: it takes kernels as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { weightedGradient, withKernel } from './stock.ts';

/** Above what float32 holds. */
const large = 2 ** 24 + 1;

/** Of 24 numbers in the shape [2, 3, 4], and where each number of the result comes from; -1 is the constant. */
const moves: Readonly<
  Record<string, readonly [op: (x: tf.Tensor) => tf.Tensor, from: (i: number[]) => number[][]]>
> = {
  slice: [
    (x) => tf.slice(x, [0, 1, 1], [2, 2, 2]),
    (all) => [pick(all, ([, j, k]) => j > 0 && k > 0 && k < 3)],
  ],
  stridedSlice: [
    (x) => tf.stridedSlice(x, [0, 0, 3], [2, 3, 0], [1, 2, -2]),
    () => [[3, 1, 11, 9, 15, 13, 23, 21]],
  ],
  'stridedSlice of one row': [
    (x) => tf.stridedSlice(x, [1], [2], [1], 0, 0, 0, 0, 1),
    (all) => [pick(all, ([i]) => i === 1)],
  ],
  split: [(x) => tf.split(x, [1, 3], 2)[1] as tf.Tensor, (all) => [pick(all, ([, , k]) => k > 0)]],
  unstack: [(x) => tf.unstack(x, 1)[2] as tf.Tensor, (all) => [pick(all, ([, j]) => j === 2)]],
  concat: [(x) => tf.concat([x, x], 0), (all) => [all, all]],
  'concat of the last axis': [
    (x) => tf.concat([tf.slice(x, 0, [2, 3, 1]), x], -1),
    (all) => rows(all).map((row) => [row[0] ?? 0, ...row]),
  ],
  stack: [(x) => tf.stack([x, x], 3), (all) => all.map((i) => [i, i])],
  tile: [
    (x) => tf.tile(x, [1, 2, 1]),
    (all) => [half(all, 0), half(all, 0), half(all, 1), half(all, 1)],
  ],
  reverse: [
    (x) => tf.reverse(x, [0, 2]),
    (all) => [...rows(all).slice(3), ...rows(all).slice(0, 3)].map((row) => row.toReversed()),
  ],
  transpose: [
    (x) => tf.transpose(x, [2, 0, 1]),
    () => [0, 1, 2, 3].map((k) => [0, 4, 8, 12, 16, 20].map((i) => i + k)),
  ],
  'transpose of two axes': [
    (x) => tf.transpose(tf.reshape(x, [6, 4])),
    () => [0, 1, 2, 3].map((k) => [0, 4, 8, 12, 16, 20].map((i) => i + k)),
  ],
  pad: [
    (x) =>
      tf.pad(x, [
        [0, 0],
        [0, 0],
        [1, 0],
      ]),
    (all) => rows(all).map((row) => [-1, ...row]),
  ],
  'mirrorPad, reflect': [
    (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [0, 0],
          [2, 1],
        ],
        'reflect',
      ),
    (all) => rows(all).map((row) => at(row, [2, 1, 0, 1, 2, 3, 2])),
  ],
  'mirrorPad, symmetric': [
    (x) =>
      tf.mirrorPad(
        x,
        [
          [0, 0],
          [0, 0],
          [2, 1],
        ],
        'symmetric',
      ),
    (all) => rows(all).map((row) => at(row, [1, 0, 0, 1, 2, 3, 3])),
  ],
  gather: [
    (x) => tf.gather(x, tf.tensor1d([1, 0], 'int32'), 2),
    (all) => rows(all).map((row) => at(row, [1, 0])),
  ],
  gatherND: [
    (x) =>
      tf.gatherND(
        x,
        tf.tensor2d(
          [
            [1, 2],
            [0, 0],
          ],
          undefined,
          'int32',
        ),
      ),
    (all) => at(rows(all), [5, 0]),
  ],
  where: [
    (x) => tf.where(tf.greater(tf.tensor1d([1, 0, 1, 0]), 0.5), x, tf.reverse(x, 2)),
    (all) => rows(all).map((row) => at(row, [0, 2, 2, 0])),
  ],
  broadcastTo: [(x) => tf.broadcastTo(x, [2, 2, 3, 4]), (all) => [all, all]],
  batchToSpaceND: [
    (x) =>
      tf.batchToSpaceND(
        tf.reshape(x, [4, 1, 1, 6]) as tf.Tensor4D,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    (all) => [all],
  ],
  spaceToBatchND: [
    (x) =>
      tf.spaceToBatchND(
        tf.reshape(x, [1, 2, 2, 6]) as tf.Tensor4D,
        [2, 2],
        [
          [0, 0],
          [0, 0],
        ],
      ),
    (all) => [all],
  ],
};

const pick = (all: number[], of: (place: [number, number, number]) => boolean): number[] =>
  all.filter((i) => of([Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4]));
const rows = (all: number[]): number[][] =>
  [0, 1, 2, 3, 4, 5].map((row) => all.slice(4 * row, 4 * row + 4));
const half = (all: number[], which: 0 | 1): number[] => all.slice(12 * which, 12 * which + 12);
const at = <T>(row: readonly T[], places: readonly number[]): T[] =>
  places.map((place) => row[place] as T);

await describeBackends('moved numbers', (backend) => {
  // No backend has been used so far.
  const stock = backend === 'webgpu' ? tf.getKernel('Concat', backend) : undefined;

  beforeAll(() => poisonMemory());

  const all = Array.from({ length: 24 }, (_, index) => index);

  describe.each(Object.keys(moves))('%s', (name) => {
    const [op, from] = moves[name] as (typeof moves)[string];
    const places = from(all).flat();

    it.each([
      {
        dtype: 'int32' as const,
        of: (i: number) => (i % 2 === 0 ? large + 2 * i : -large - 2 * i),
      },
      { dtype: 'bool' as const, of: (i: number) => Number(i % 3 === 0) },
      { dtype: 'float32' as const, of: (i: number) => i / 4 - 2 },
    ])('of $dtype are the numbers that they were', async ({ dtype, of }) => {
      // TensorFlow has no blocks of booleans.
      if (backend === 'tensorflow' && dtype === 'bool' && /batch/i.test(name)) return;
      const x = tf.tensor(all.map(of), [2, 3, 4], dtype);
      const y = op(x);
      expect(y.dtype).toBe(dtype);
      expect([...(await y.data())]).toEqual(places.map((i) => (i < 0 ? 0 : of(i))));
      await expectNoLeak(() => tf.tidy(() => void op(x)));
    });
  });

  it.each([
    {
      name: 'pad',
      op: (x: tf.Tensor) =>
        tf.pad(x, [
          [1, 0],
          [0, 1],
          [0, 0],
          [0, 2],
          [1, 0],
        ]),
    },
    { name: 'slice', op: (x: tf.Tensor) => tf.slice(x, [0, 0, 1, 0, 0], [1, 2, 1, 2, 1]) },
    { name: 'reverse', op: (x: tf.Tensor) => tf.reverse(tf.reshape(x, [4, 2, 4]), [0]) },
    { name: 'concat', op: (x: tf.Tensor) => tf.concat([x, x], 3) },
    { name: 'transpose', op: (x: tf.Tensor) => tf.transpose(x, [4, 2, 0, 3, 1]) },
  ])('of five axes have their gradient: $name', async ({ op }) => {
    // None is what is padded with.
    const values = Float32Array.from({ length: 32 }, (_, i) => i + 1);
    const x = tf.tensor(values, [1, 2, 2, 2, 4]);
    const y = op(x);
    // A move of distinct numbers says where each comes from.
    const from = Array.from(await y.data(), (value) => values.indexOf(value));
    const weights = from.map((_, index) => (index % 7) - 3);
    const expected = new Float64Array(32);
    for (const [index, place] of from.entries()) {
      if (place >= 0) expected[place] = (expected[place] ?? 0) + (weights[index] ?? 0);
    }
    await expectTensorClose(weightedGradient(op, x, tf.tensor(weights, y.shape)), expected);
  });

  it('of five axes are taken in strides', async () => {
    const x = tf.tensor(all, [1, 2, 3, 2, 2], 'float32');
    const y = tf.stridedSlice(x, [0, 0, 2, 0, 0], [1, 2, 0, 2, 2], [1, 1, -1, 1, 2]);
    expect([...(await y.data())]).toEqual([8, 10, 4, 6, 20, 22, 16, 18]);
  });

  it('of rows are those that a condition of rows names', async () => {
    const condition = tf.tensor1d([1, 0], 'bool');
    const x = tf.tensor(all, [2, 1, 3, 2, 2], 'int32');
    const y = tf.where(tf.reshape(condition, [2, 1, 1, 1, 1]), x, tf.zerosLike(x));
    expect([...(await y.data())]).toEqual(all.map((i) => (i < 12 ? i : 0)));
  });

  it.runIf(stock)('are theirs where small ones are moved in JavaScript', async () => {
    tf.env().set('WEBGPU_CPU_FORWARD', true);
    try {
      for (const [name, [op, from]] of Object.entries(moves)) {
        const y = op(tf.tensor(all, [2, 3, 4], 'int32'));
        const expected = from(all)
          .flat()
          .map((i) => Math.max(0, i));
        expect({ [name]: [...(await y.data())] }).toEqual({ [name]: expected });
      }
    } finally {
      tf.env().set('WEBGPU_CPU_FORWARD', false);
    }
  });

  it.runIf(stock)('are rounded by stock TensorFlow.js', async () => {
    const x = tf.tensor1d([large], 'int32');
    const wrong = withKernel(stock as tf.KernelConfig, () => tf.concat([x, x]));
    expect([...(await wrong.data())]).toEqual([large - 1, large - 1]);
  });
});
