import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectSecondGradients,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { productKeyTopK, rowGradients, rowProducts, weightedRows } from '../src/index.ts';

const indices = () => tf.tensor2d([2, 0, 2, 4], [2, 2], 'int32');

await describeBackends('gradients of gradients', () => {
  beforeAll(() => poisonMemory());

  it('weightedRows', async () => {
    const inputs = [randomTensor(randomKey('t'), [5, 3]), randomTensor(randomKey('w'), [2, 2])];
    await expectSecondGradients(
      (table, weights) => weightedRows(table as tf.Tensor, indices(), weights as tf.Tensor),
      inputs,
    );
    tf.dispose(inputs);
  });

  it('rowProducts', async () => {
    const inputs = [randomTensor(randomKey('t'), [5, 3]), randomTensor(randomKey('x'), [2, 3])];
    await expectSecondGradients(
      (table, x) => rowProducts(table as tf.Tensor, indices(), x as tf.Tensor),
      inputs,
    );
    tf.dispose(inputs);
  });

  it('productKeyTopK', async () => {
    // Far enough apart that a step of a difference leaves the order.
    const inputs = [
      tf.tensor2d([0, 1.5, -2, 4], [1, 4]),
      tf.tensor2d([0.3, -5, 10.2], [1, 3]),
    ] as tf.Tensor[];
    const op = (...scores: tf.Tensor[]) => tf.square(productKeyTopK(scores, 3).scores);
    await expectSecondGradients(op, inputs);
    tf.dispose(inputs);
  });

  it('are none of rows', async () => {
    const table = tf.variable(randomTensor(randomKey('t'), [5, 3]));
    const weights = tf.ones([2, 2]);
    const loss = () => {
      const slope = tf.grad((w) => tf.sum(tf.square(weightedRows(table, indices(), w))));
      return tf.sum(tf.square(slope(weights))) as tf.Scalar;
    };
    await expect(rowGradients(loss, { tables: { table }, variables: [] })).rejects.toThrow(
      'rowGradients cannot take rows of a table of shape [5,3] inside of a gradient',
    );
    tf.dispose([table, weights]);
  });
});
