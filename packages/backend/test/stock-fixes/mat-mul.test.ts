// In a process of its own: it takes gradients as TensorFlow.js registers them.
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
import {
  matMulBackwardNaive,
  matMulNaive,
  type Product,
  productShapes,
  transposes,
} from '../naive-mat-mul.ts';
import { withStockGradient } from './stock.ts';

const cases: readonly Pick<Product, 'batchA' | 'batchB'>[] = [
  { batchA: [], batchB: [] },
  { batchA: [3], batchB: [] },
  { batchA: [], batchB: [3] },
  { batchA: [3], batchB: [3] },
  { batchA: [2, 3], batchB: [] },
  { batchA: [2, 3], batchB: [1, 1] },
  { batchA: [3], batchB: [1, 1] },
];
const [m, k, n] = [5, 3, 2];

function operands(product: Product) {
  const { a, b } = productShapes(product);
  return [randomTensor(randomKey(2, 'a'), a), randomTensor(randomKey(2, 'b'), b)] as const;
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
      const product = { ...sizes, ...how, m, k, n };
      const [a, b] = operands(product);
      const f = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB);
      const y = f(a, b);
      const dy = randomTensor(randomKey(2, 'dy'), y.shape);
      const [aValues, bValues] = [await a.data(), await b.data()];
      await expectTensorClose(y, matMulNaive(aValues, bValues, product));
      const expected = matMulBackwardNaive(aValues, bValues, await dy.data(), product);
      const [da, db] = tf.grads(f)([a, b], dy) as [tf.Tensor, tf.Tensor];
      await expectTensorClose(da, { shape: a.shape, data: expected.a });
      await expectTensorClose(db, { shape: b.shape, data: expected.b });
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

  // Three dimensions at most; others are with the products of batches.
  describe.each(cases.filter(({ batchA, batchB }) => batchA.length < 2 && batchB.length < 2))(
    'of batches $batchA and $batchB',
    (sizes) => {
      it.each(transposes)('is that of plain loops ($transposeA, $transposeB)', async (how) => {
        const product = { ...sizes, ...how, m, k, n };
        const [a, b] = operands(product);
        const bias = randomTensor(randomKey(2, 'bias'), [n]);
        const f = (x: tf.Tensor, y: tf.Tensor, c: tf.Tensor) =>
          tf.fused.matMul({ a: x, b: y, bias: c, ...how }) as tf.Tensor;
        const dy = randomTensor(randomKey(2, 'dy'), productShapes(product).y);
        const dyValues = await dy.data();
        const expected = matMulBackwardNaive(await a.data(), await b.data(), dyValues, product);
        const [da, db, dbias] = tf.grads(f)([a, b, bias], dy) as [tf.Tensor, tf.Tensor, tf.Tensor];
        await expectTensorClose(da, { shape: a.shape, data: expected.a });
        await expectTensorClose(db, { shape: b.shape, data: expected.b });
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
    const broadcast = () =>
      tf.fused.matMul({ a: tf.ones([2, 3, 2, 4]), b: tf.ones([1, 3, 4, 2]) }) as tf.Tensor;
    // The stock method is the one of the class.
    Reflect.deleteProperty(engine, 'customGrad');
    try {
      expect(gradient, backend).toThrow(/shape/);
      expect(broadcast, backend).toThrow();
    } finally {
      engine.customGrad = customGrad;
    }
    expect(gradient().shape).toEqual([3, 5]);
    expect(broadcast().shape).toEqual([2, 3, 2, 2]);
  });
});
