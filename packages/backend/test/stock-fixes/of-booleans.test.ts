// In a process of its own: it takes a kernel as TensorFlow.js registers it.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { describeBackends, expectNoLeak, poisonMemory } from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

// As TensorFlow.js registers it, before any backend is started.
const stockSub = tf.getKernel('Sub', 'cpu');

/** So many that bytes and numbers of four bytes differ. */
const a = () => tf.tensor1d([1, 1, 0, 0, 1], 'bool');
const b = () => tf.tensor1d([1, 0, 1, 0, 1], 'bool');
const ones = () => tf.onesLike(a());
const itself = [1, 1, 0, 0, 1];
const row = (x: tf.Tensor) => tf.reshape(x, [1, 5]) as tf.Tensor2D;

/** What each operation gives: booleans where nothing but 0 and 1 can come out. */
const cases: readonly (readonly [
  name: string,
  () => tf.Tensor,
  'bool' | 'int32' | 'float32',
  number[],
])[] = [
  ['abs', () => tf.abs(a()), 'bool', itself],
  ['square', () => tf.square(a()), 'bool', itself],
  ['relu', () => tf.relu(a()), 'bool', itself],
  ['relu6', () => tf.relu6(a()), 'bool', itself],
  ['sign', () => tf.sign(a()), 'bool', itself],
  ['step', () => tf.step(a()), 'bool', itself],
  ['round', () => tf.round(a()), 'bool', itself],
  ['clipByValue', () => tf.clipByValue(a(), 0, 1), 'bool', itself],
  ['mul', () => tf.mul(a(), b()), 'bool', [1, 0, 0, 0, 1]],
  ['squaredDifference', () => tf.squaredDifference(a(), b()), 'bool', [0, 1, 1, 0, 0]],
  ['pow', () => tf.pow(a(), b()), 'bool', [1, 1, 0, 1, 1]],
  ['mod', () => tf.mod(a(), ones()), 'bool', [0, 0, 0, 0, 0]],
  ['div', () => tf.div(a(), ones()), 'bool', itself],
  ['floorDiv', () => tf.floorDiv(a(), ones()), 'int32', itself],
  ['add', () => tf.add(a(), b()), 'int32', [2, 1, 1, 0, 2]],
  ['sub', () => tf.sub(a(), b()), 'int32', [0, 1, -1, 0, 0]],
  ['addN', () => tf.addN([a(), b(), ones()]), 'int32', [3, 2, 2, 1, 3]],
  ['cumsum', () => tf.cumsum(a()), 'int32', [1, 2, 2, 2, 3]],
  ['cumprod', () => tf.cumprod(a()), 'int32', [1, 1, 0, 0, 0]],
  ['matMul', () => tf.matMul(row(a()), row(b()), false, true), 'int32', [2]],
  ['topk', () => tf.topk(a(), 4).values, 'bool', [1, 1, 1, 0]],
  ['topk, the places', () => tf.topk(a(), 2).indices, 'int32', [0, 1]],
  [
    'unsortedSegmentSum',
    () => tf.unsortedSegmentSum(a(), tf.tensor1d([0, 0, 1, 1, 1], 'int32'), 2),
    'int32',
    [2, 1],
  ],
  [
    'scatterND',
    () => tf.scatterND(tf.tensor2d([2, 0], [2, 1], 'int32'), tf.tensor1d([1, 1], 'bool'), [3]),
    'bool',
    [1, 0, 1],
  ],
  [
    'bincount',
    () => tf.bincount(tf.tensor1d([0, 1, 1, 1, 1], 'int32'), a() as unknown as tf.Tensor1D, 3),
    'int32',
    [1, 2, 0],
  ],
  [
    'lowerBound',
    () => tf.lowerBound(tf.tensor1d([0, 0, 1], 'bool'), tf.tensor1d([0, 1], 'bool')),
    'int32',
    [0, 2],
  ],
  ['diag', () => tf.diag(tf.tensor1d([1, 0], 'bool')), 'bool', [1, 0, 0, 0]],
  [
    'batchNorm',
    () => {
      const [mean, variance] = [tf.tensor1d([0.5]), tf.tensor1d([0.25])];
      return tf.batchNorm(tf.reshape(a(), [5, 1]), mean, variance, undefined, undefined, 0);
    },
    'float32',
    [1, 1, -1, -1, 1],
  ],
];

await describeBackends('booleans', (backend) => {
  beforeAll(() => poisonMemory());

  it.each(cases)('are the integers 0 and 1: %s', async (_, work, dtype, expected) => {
    const y = work();
    expect(y.dtype).toBe(dtype);
    expect([...(await y.data())]).toEqual(expected);
    await expectNoLeak(() => tf.tidy(() => void work()));
  });

  it('have a softmax and its like', async () => {
    const logits = tf.tensor1d([1, 0], 'bool');
    const sum = Math.log(Math.E + 1);
    expect((await tf.logSumExp(logits).data())[0]).toBeCloseTo(sum, 5);
    expect((await tf.logSoftmax(logits).data())[1]).toBeCloseTo(-sum, 5);
  });

  it.runIf(backend === 'cpu')('are bytes to stock TensorFlow.js', async () => {
    const difference = withKernel(stockSub, () => tf.sub(a(), b()));
    expect([...(await difference.data())]).toEqual([0, 1, 255, 0, 0]);
  });
});
