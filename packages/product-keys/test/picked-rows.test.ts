import { DTypeError, ShapeError } from '@neverend/backend';
import { describeBackends, expectLikeReference, poisonMemory } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { rowProducts, weightedRows } from '../src/index.ts';
import { pickedRowsArguments, rowProductsCase, weightedRowsCase } from './picked-rows-case.ts';

await describeBackends('picked rows', () => {
  it.each(pickedRowsArguments)(
    'of %j times %i of %i rows of %i numbers are summed and multiplied as by plain loops, with gradients',
    async (...args) => {
      poisonMemory();
      await expectLikeReference(weightedRowsCase(...args));
      await expectLikeReference(rowProductsCase(...args));
    },
  );

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
  expect(() => rowProducts(table, indices, tf.zeros([3, 5]))).toThrow(
    'x was [3, 5]; it must be [3, 2]',
  );
});
