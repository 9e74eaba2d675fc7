import { describeBackends, expectNoLeak, expectTensorClose } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  gatherRows,
  gelu,
  layerNorm,
  rmsNorm,
  scatterAddRows,
  setRows,
  softmax,
} from '../src/index.ts';

const rows = [
  [3, -2, 0],
  [1, 1, -4],
];
const indices = () => tf.tensor1d([1, 0, 1], 'int32');
const more = () =>
  tf.tensor2d([
    [1, 0, 2],
    [0, 3, 0],
    [5, 1, 1],
  ]);

const operations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  gelu: (x) => gelu(x),
  'gelu with a bias': (x) => gelu(more(), { bias: tf.reshape(tf.slice(x, [0, 0], [1, 3]), [3]) }),
  softmax: (x) => softmax(x),
  layerNorm: (x) => layerNorm(x, tf.ones([3]), tf.zeros([3])),
  rmsNorm: (x) => rmsNorm(x, tf.ones([3])),
  gatherRows: (x) => gatherRows(x, indices()),
  'scatterAddRows into it': (x) => {
    const table = tf.variable(x, false);
    scatterAddRows(table, indices(), more());
    const sums = tf.mul(table, 1);
    table.dispose();
    return sums;
  },
  'scatterAddRows of it': (x) => {
    const table = tf.variable(more(), false);
    scatterAddRows(table, tf.tensor1d([2, 2], 'int32'), x);
    const sums = tf.mul(table, 1);
    table.dispose();
    return sums;
  },
  'setRows in it': (x) => setRows(x, tf.tensor1d([1], 'int32'), tf.tensor2d([[0.5, 7, 8]])),
};

// TensorFlow.js' WebGPU leaves the integers in memory where it casts them to float32.
await describeBackends('an operation on a cast', () => {
  it.each(Object.entries(operations))('of integers is that on the numbers: %s', async (_, op) => {
    await expectNoLeak(async () => {
      const [y, wanted] = [tf.tidy(() => op(cast())), tf.tidy(() => op(tf.tensor2d(rows)))];
      expect(y.dtype).toBe('float32');
      await expectTensorClose(y, { shape: wanted.shape, data: await wanted.data() });
      tf.dispose([y, wanted]);
    });
  });

  it('of conditions is that on the numbers', async () => {
    const y = tf.tidy(() => softmax(tf.cast(tf.greater(tf.tensor2d(rows), 0), 'float32')));
    const [e, share] = [Math.E, (positives: number) => positives * Math.E + 3 - positives];
    const data = [
      ...[e / share(1), 1 / share(1), 1 / share(1)],
      ...[e / share(2), e / share(2), 1 / share(2)],
    ];
    await expectTensorClose(y, { shape: [2, 3], data });
    y.dispose();
  });

  it('leaves the integers as they were', async () => {
    const whole = tf.tensor2d(rows, [2, 3], 'int32');
    const table = tf.tidy(() => tf.variable(tf.cast(whole, 'float32'), false));
    const [at, added] = [indices(), more()];
    scatterAddRows(table, at, added);
    await expectTensorClose(whole, { shape: [2, 3], data: rows.flat() });
    tf.dispose([table, whole, at, added]);
  });
});

/** On the GPU, as the result of an operation. */
const cast = () =>
  tf.cast(tf.add(tf.tensor2d(rows, [2, 3], 'int32'), tf.scalar(0, 'int32')), 'float32');
