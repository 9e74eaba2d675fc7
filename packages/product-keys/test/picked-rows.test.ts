import { DTypeError, randomInt, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { rowProducts, type Sequence, sequenceOf, weightedRows } from '../src/index.ts';
import { pickedRowsArguments, rowProductsCase, weightedRowsCase } from './picked-rows-case.ts';

await describeBackends('picked rows', () => {
  it.each(pickedRowsArguments.map((args) => ({ args, name: args.flat().join(' ') })))(
    'are summed and multiplied as by plain loops, with gradients: $name',
    async ({ args }) => {
      poisonMemory();
      await expectLikeReference(weightedRowsCase(...args));
      await expectLikeReference(rowProductsCase(...args));
    },
  );

  it('have the same bits by a sequence for several calls as by their order', async () => {
    await expectNoLeak(async () => {
      const [T, K, N, D] = [90, 4, 30, 17];
      const table = randomTensor(randomKey('table'), [N, D]);
      const weights = randomTensor(randomKey('w'), [3, T / 3, K]);
      const picks = Int32Array.from(randomInt(randomKey('rows'), T * K, N));
      const indices = tf.tensor3d(picks, [3, T / 3, K], 'int32');
      for (const order of ['auto', 'token', 'row'] as const) {
        const sequence = sequenceOf(table, indices, order);
        const sums = weightedRows(table, indices, weights, { order });
        const again = weightedRows(table, indices, weights, { order: sequence });
        expect(await again.data()).toEqual(await sums.data());
        const products = rowProducts(table, indices, sums, { order });
        const products2 = rowProducts(table, indices, sums, { order: sequence });
        expect(await products2.data()).toEqual(await products.data());
        tf.dispose([sequence.sequence, sums, again, products, products2]);
      }
      tf.dispose([table, weights, indices]);
    });
  });

  it('refuse a sequence that was made by hand, is disposed, or is of other picks', async () => {
    await expectNoLeak(() => {
      const table = tf.zeros([5, 2]);
      const indices = tf.zeros([3, 4], 'int32');
      const weights = tf.zeros([3, 4]);
      // Behind all memory of wasm.
      const sequence = tf.fill([12], 2 ** 31 - 1, 'int32');
      const call = (order: Sequence) => () => weightedRows(table, indices, weights, { order });
      expect(call({ sequence, sequenced: true })).toThrow(
        new TypeError(
          'order was an object that is not from `sequenceOf`; it must be what that gave, or one of auto, token, row',
        ),
      );
      const own = sequenceOf(table, indices, 'row');
      expect(call({ ...own })).toThrow('not from `sequenceOf`');
      expect(call(null as never)).toThrow('not from `sequenceOf`');
      const fewer = tf.slice(indices, [0, 0], [2, 4]);
      const other = sequenceOf(table, fewer, 'row');
      if (other.sequenced) {
        expect(call(other)).toThrow(new ShapeError('order was of 8 picks; it must be of 12'));
      }
      own.sequence.dispose();
      expect(call(own)).toThrow('order was disposed');
      tf.dispose([table, indices, weights, sequence, fewer, other.sequence]);
    });
  });

  it('have second derivatives', async () => {
    // y = (w u) . x with one row u: dy/dw = u . x, and the gradient of its square's derivative is known.
    const table = tf.tensor2d([[1, 2]]);
    const indices = tf.zeros([1, 1], 'int32');
    const x = tf.tensor2d([[3, 5]]);
    const f = (w: tf.Tensor) => tf.sum(tf.mul(tf.square(weightedRows(table, indices, w)), x));
    // f = w² (3 + 20), so f'' = 46.
    const second = tf.grad((w: tf.Tensor) => tf.sum(tf.grad(f)(w)))(tf.tensor2d([[0.5]]));
    expect((await second.data())[0]).toBeCloseTo(46, 4);
    tf.dispose([table, indices, x, second]);
  });
});

it('refuses what does not fit, by name', () => {
  const table = tf.zeros([5, 2]);
  const indices = tf.zeros([3, 4], 'int32');
  expect(() => weightedRows(tf.zeros([5]), indices, tf.zeros([3, 4]))).toThrow(ShapeError);
  expect(() => weightedRows(table, tf.zeros([3, 4]), tf.zeros([3, 4]))).toThrow(DTypeError);
  expect(() => weightedRows(table, indices, tf.zeros([3, 5]))).toThrow(
    'weights was [3, 5]; it must be [3, 4]',
  );
  expect(() => rowProducts(table, indices, tf.zeros([3, 2]), { order: 'best' as never })).toThrow(
    'order was "best"',
  );
  expect(() => rowProducts(table, indices, tf.zeros([3, 5]))).toThrow(
    'x was [3, 5]; it must be [3, 2]',
  );
});
