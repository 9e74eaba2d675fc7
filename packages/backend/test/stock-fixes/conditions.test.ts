// In a process of its own: it takes gradients as TensorFlow.js registers them.
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { withStockGradient } from './stock.ts';

const comparisons = {
  Equal: tf.equal,
  NotEqual: tf.notEqual,
  Greater: tf.greater,
  GreaterEqual: tf.greaterEqual,
  Less: tf.less,
  LessEqual: tf.lessEqual,
};

await describeBackends('conditions', () => {
  beforeAll(() => poisonMemory());

  it.each(Object.entries(comparisons))(
    '%s in the path carries no gradient',
    async (name, compare) => {
      const x = tf.tensor1d([-2, -1, 0, 1, 2]);
      const f = (y: tf.Tensor) => tf.where(compare(y, tf.scalar(0)), tf.square(y), tf.mul(y, 3));
      const gradient = () => tf.tidy(() => tf.grad(f)(x));
      // Stock TensorFlow.js has one for GreaterEqual alone.
      if (name !== 'GreaterEqual') {
        expect(() => withStockGradient(name, gradient)).toThrow(`not found for ${name}`);
      }
      const mask = await compare(x, tf.scalar(0)).data();
      const expected = [-2, -1, 0, 1, 2].map((value, index) => (mask[index] ? 2 * value : 3));
      await expectTensorClose(gradient(), expected);
      await expectNoLeak(() => gradient().dispose());
    },
  );

  it('carry none where they are broadcast', async () => {
    const [a, b] = [tf.tensor2d([1, 2], [2, 1]), tf.tensor2d([0, 1, 2], [1, 3])];
    const f = (x: tf.Tensor, y: tf.Tensor) => tf.where(tf.less(x, y), tf.mul(x, y), tf.sub(x, y));
    const [da, db] = tf.grads(f)([a, b]) as [tf.Tensor, tf.Tensor];
    // x < y only at (1, 2).
    await expectTensorClose(da, { shape: [2, 1], data: [1 + 1 + 2, 3] });
    await expectTensorClose(db, { shape: [1, 3], data: [-2, -2, 1 - 1] });
  });

  it('keep a gradient that is not finite on its side of where', async () => {
    const condition = tf.tensor1d([true, false], 'bool');
    const inputs = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
    const dy = tf.tensor1d([Number.NaN, 5]);
    const slopes = () =>
      tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.where(condition, a, b))(inputs, dy);
    const [, stock] = withStockGradient('Select', slopes) as [tf.Tensor, tf.Tensor];
    expect(Array.from(await stock.data())).toEqual([Number.NaN, 5]);
    const [da, db] = slopes() as [tf.Tensor, tf.Tensor];
    expect(Array.from(await da.data())).toEqual([Number.NaN, 0]);
    expect(Array.from(await db.data())).toEqual([0, 5]);
  });

  it('may be combined', async () => {
    const x = tf.tensor1d([-2, -1, 0.5, 1, 2]);
    const inside = (y: tf.Tensor) =>
      tf.logicalOr(
        tf.logicalAnd(tf.greater(y, 0), tf.less(y, 1.5)),
        tf.logicalNot(tf.greater(y, -1.5)),
      );
    const f = (y: tf.Tensor) => tf.where(inside(y), tf.square(y), y);
    const gradient = () => tf.tidy(() => tf.grad(f)(x));
    for (const name of ['LogicalOr', 'LogicalAnd', 'LogicalNot']) {
      expect(() => withStockGradient(name, gradient)).toThrow(`not found for ${name}`);
    }
    await expectTensorClose(gradient(), [-4, 1, 1, 2, 1]);
  });

  it.each(['All', 'Any'])('%s carries no gradient', async (name) => {
    const x = tf.tensor2d([1, -1, 2, 3], [2, 2]);
    const reduce = name === 'All' ? tf.all : tf.any;
    const f = (y: tf.Tensor) => tf.where(reduce(tf.greater(y, 0)), tf.square(y), tf.mul(y, 5));
    const gradient = () => tf.tidy(() => tf.grad(f)(x));
    expect(() => withStockGradient(name, gradient)).toThrow(`not found for ${name}`);
    await expectTensorClose(gradient(), {
      shape: [2, 2],
      data: name === 'All' ? [5, 5, 5, 5] : [2, -2, 4, 6],
    });
  });
});
