import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { describeBackends, expectNoLeak, poisonMemory } from '../../src/testing/index.ts';

interface Case {
  readonly name: string;
  readonly work: () => tf.Tensor;
  readonly expected: readonly number[];
}

const sorted = () => tf.tensor2d([1, 3, 3, 5, -2, 0, 4, 4], [2, 4]);
const wanted = () => tf.tensor2d([0, 3, 9, 4, -1, 0], [2, 3]);
const rows = () => tf.tensor2d([1, 2, -3, 4, 5, -6], [3, 2]);
const ids = (...values: number[]) => tf.tensor1d(values, 'int32');
const image = () => tf.tensor4d([-4, -3, -2, -1, -8, -5, -7, -6], [2, 2, 2, 1]);

const cases: Case[] = [
  {
    name: 'lowerBound',
    work: () => tf.lowerBound(sorted(), wanted()),
    expected: [0, 1, 4, 2, 1, 1],
  },
  {
    name: 'upperBound',
    work: () => tf.upperBound(sorted(), wanted()),
    expected: [0, 3, 4, 4, 1, 2],
  },
  {
    name: 'maxPoolWithArgmax',
    work: () => tf.maxPoolWithArgmax(image(), 2, 2, 'valid')['indexes'] as tf.Tensor,
    expected: [3, 1],
  },
  {
    name: 'maxPoolWithArgmax, with the batch',
    work: () => tf.maxPoolWithArgmax(image(), 2, 2, 'valid', true)['indexes'] as tf.Tensor,
    expected: [3, 5],
  },
  {
    name: 'denseBincount',
    work: () => tf.denseBincount(ids(1, 0, 1, 5), tf.tensor1d([0.5, 1, 2, 4]), 3),
    expected: [1, 2.5, 0],
  },
  {
    name: 'denseBincount, whether',
    work: () => tf.denseBincount(ids(1, 0, 1, 5), tf.tensor1d([]), 3, true),
    expected: [1, 1, 0],
  },
  {
    name: 'sparseSegmentSum',
    work: () => tf.sparse.sparseSegmentSum(rows(), ids(0, 1, 2), ids(0, 0, 1)),
    expected: [-2, 6, 5, -6],
  },
  {
    name: 'sparseSegmentMean',
    work: () => tf.sparse.sparseSegmentMean(rows(), ids(0, 1, 2), ids(0, 0, 1)),
    expected: [-1, 3, 5, -6],
  },
  {
    name: 'bitwiseAnd',
    work: () => tf.bitwiseAnd(ids(12, 7, -1), ids(10, 4, 255)),
    expected: [8, 4, 255],
  },
];

await describeBackends('kernels that tensorflow lacks', (backend) => {
  beforeAll(() => poisonMemory());

  it.each(cases)('are there, and right: $name', async ({ name, work, expected }) => {
    if (name === 'bitwiseAnd' && backend === 'webgpu') return;
    expect([...(await work().data())]).toEqual(expected);
    await expectNoLeak(() => tf.tidy(() => void work()));
  });

  it('refuse the pads that they have not', () => {
    if (backend !== 'tensorflow') return;
    expect(() => tf.maxPoolWithArgmax(image(), 2, 1, 1)).toThrow(/pad of maxPoolWithArgmax/);
  });
});
