import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { randomKey } from '../../src/index.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '../../src/testing/index.ts';
import { withStockGradient } from './stock.ts';

interface Case {
  readonly batchA: readonly number[];
  readonly batchB: readonly number[];
}

const cases: readonly Case[] = [
  { batchA: [], batchB: [] },
  { batchA: [3], batchB: [] },
  { batchA: [], batchB: [3] },
  { batchA: [3], batchB: [3] },
  { batchA: [2, 3], batchB: [] },
  { batchA: [2, 3], batchB: [1, 1] },
  { batchA: [3], batchB: [1, 1] },
];
const transposes = [
  { transposeA: false, transposeB: false },
  { transposeA: false, transposeB: true },
  { transposeA: true, transposeB: false },
  { transposeA: true, transposeB: true },
];
const [m, k, n] = [5, 3, 2];

const size = (shape: readonly number[]) => shape.reduce((product, length) => product * length, 1);

/** The place in an operand's batch of a place in the batch of the result. */
function broadcastIndex(index: number, out: readonly number[], own: readonly number[]): number {
  let [rest, place, stride] = [index, 0, 1];
  for (let axis = 1; axis <= out.length; axis++) {
    const length = out.at(-axis) ?? 1;
    const ownLength = axis <= own.length ? (own.at(-axis) ?? 1) : 1;
    if (ownLength > 1) place += (rest % length) * stride;
    stride *= ownLength;
    rest = Math.floor(rest / length);
  }
  return place;
}

/** The product and, for a given dy, both gradients, by plain loops. */
function naive(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  dy: ArrayLike<number>,
  { batchA, batchB }: Case,
  { transposeA, transposeB }: (typeof transposes)[number],
) {
  const rank = Math.max(batchA.length, batchB.length);
  const batch = Array.from({ length: rank }, (_, axis) =>
    Math.max(batchA[axis - rank + batchA.length] ?? 1, batchB[axis - rank + batchB.length] ?? 1),
  );
  const y = new Float64Array(size(batch) * m * n);
  const [da, db] = [new Float64Array(a.length), new Float64Array(b.length)];
  for (let index = 0; index < size(batch); index++) {
    const fromA = broadcastIndex(index, batch, batchA) * m * k;
    const fromB = broadcastIndex(index, batch, batchB) * k * n;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const at = (index * m + i) * n + j;
        for (let l = 0; l < k; l++) {
          const inA = fromA + (transposeA ? l * m + i : i * k + l);
          const inB = fromB + (transposeB ? j * k + l : l * n + j);
          y[at] = (y[at] ?? 0) + (a[inA] ?? 0) * (b[inB] ?? 0);
          da[inA] = (da[inA] ?? 0) + (dy[at] ?? 0) * (b[inB] ?? 0);
          db[inB] = (db[inB] ?? 0) + (dy[at] ?? 0) * (a[inA] ?? 0);
        }
      }
    }
  }
  return { y: { shape: [...batch, m, n], data: y }, da, db };
}

function operands(
  { batchA, batchB }: Case,
  { transposeA, transposeB }: (typeof transposes)[number],
) {
  const a = randomTensor(randomKey(2, 'a'), [...batchA, ...(transposeA ? [k, m] : [m, k])]);
  const b = randomTensor(randomKey(2, 'b'), [...batchB, ...(transposeB ? [n, k] : [k, n])]);
  return [a, b] as const;
}

await describeBackends('the gradient of matMul', () => {
  beforeAll(() => poisonMemory());

  it('is one per member of the batch in stock TensorFlow.js, which then throws', () => {
    const [a, b] = [tf.ones([4, 2, 3]), tf.ones([3, 5])];
    const gradients = () =>
      tf.grads((x: tf.Tensor, y: tf.Tensor) => tf.sum(tf.matMul(x, y)))([a, b]);
    expect(() => withStockGradient('BatchMatMul', gradients)).toThrow(/shape '4,3,5'/);
    expect(gradients().map(({ shape }) => shape)).toEqual([a.shape, b.shape]);
  });

  describe.each(cases)('of batches $batchA and $batchB', (sizes) => {
    it.each(transposes)('is that of plain loops ($transposeA, $transposeB)', async (how) => {
      const { transposeA, transposeB } = how;
      const [a, b] = operands(sizes, how);
      const f = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB);
      const y = f(a, b);
      const dy = randomTensor(randomKey(2, 'dy'), y.shape);
      const expected = naive(await a.data(), await b.data(), await dy.data(), sizes, how);
      await expectTensorClose(y, expected.y);
      const [da, db] = tf.grads(f)([a, b], dy) as [tf.Tensor, tf.Tensor];
      await expectTensorClose(da, { shape: a.shape, data: expected.da });
      await expectTensorClose(db, { shape: b.shape, data: expected.db });
      await expectNoLeak(() => tf.dispose(tf.grads(f)([a, b], dy)));
    });
  });

  it('reaches the gradient of a gradient', async () => {
    const [a, b] = [
      randomTensor(randomKey(3, 'a'), [2, 2, 3]),
      randomTensor(randomKey(3, 'b'), [3, 1]),
    ];
    // The product is linear in a: its gradient is b, and the sum of that one's square has gradient 2b, twice per row.
    const f = (y: tf.Tensor) =>
      tf.sum(tf.square(tf.grad((x: tf.Tensor) => tf.sum(tf.matMul(x, y)))(a)));
    const values = await b.data();
    await expectTensorClose(tf.grad(f)(b), {
      shape: [3, 1],
      data: values.map((value) => 8 * value),
    });
  });
});

await describeBackends('the gradient of fused.matMul', (backend) => {
  beforeAll(() => poisonMemory());

  // Three dimensions at most: what tf.fused.matMul takes.
  describe.each(cases.filter(({ batchA, batchB }) => batchA.length < 2 && batchB.length < 2))(
    'of batches $batchA and $batchB',
    (sizes) => {
      it.each(transposes)('is that of plain loops ($transposeA, $transposeB)', async (how) => {
        const [a, b] = operands(sizes, how);
        const bias = randomTensor(randomKey(2, 'bias'), [n]);
        const f = (x: tf.Tensor, y: tf.Tensor, c: tf.Tensor) =>
          tf.fused.matMul({ a: x, b: y, bias: c, ...how }) as tf.Tensor;
        const shape = tf.add(tf.matMul(a, b, how.transposeA, how.transposeB), bias).shape;
        const dy = randomTensor(randomKey(2, 'dy'), shape);
        const dyValues = await dy.data();
        const expected = naive(await a.data(), await b.data(), dyValues, sizes, how);
        const [da, db, dbias] = tf.grads(f)([a, b, bias], dy) as [tf.Tensor, tf.Tensor, tf.Tensor];
        await expectTensorClose(da, { shape: a.shape, data: expected.da });
        await expectTensorClose(db, { shape: b.shape, data: expected.db });
        const sums = new Float64Array(n);
        for (const [at, value] of dyValues.entries()) sums[at % n] = (sums[at % n] ?? 0) + value;
        await expectTensorClose(dbias, { shape: [n], data: sums });
        await expectNoLeak(() => tf.dispose(tf.grads(f)([a, b, bias], dy)));
      });
    },
  );

  it('is one per member of the batch in stock TensorFlow.js, which then throws', () => {
    const engine = tf.engine();
    const { customGrad } = engine;
    const gradient = () =>
      tf.grad((y: tf.Tensor) => tf.fused.matMul({ a: tf.ones([4, 2, 3]), b: y }) as tf.Tensor)(
        tf.ones([3, 5]),
      );
    // The stock method is the one of the class.
    Reflect.deleteProperty(engine, 'customGrad');
    try {
      expect(gradient, backend).toThrow(/shape/);
    } finally {
      engine.customGrad = customGrad;
    }
    expect(gradient().shape).toEqual([3, 5]);
  });
});
