import { randomInt, randomKey, randomPermutation } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

interface RowCase {
  /** N, the number of rows of the table. */
  readonly rows: number;
  /** D, the width of the table. */
  readonly width: number;
  /** K, the number of indices. */
  readonly count: number;
  /** Makes `[K]` numbers of rows, with repetitions. */
  readonly indices: () => tf.Tensor;
}

const some = (rows: number, width: number, count: number): RowCase => ({
  rows,
  width,
  count,
  indices: () =>
    tf.tensor1d(Int32Array.from(randomInt(randomKey('row', rows), count, rows)), 'int32'),
});

/** Tables and indices at which a backend's kernel for rows must agree with the composite. */
export const rowCases: readonly RowCase[] = [
  some(1, 1, 1),
  some(5, 3, 7),
  some(6, 7, 11),
  some(33, 66, 129),
  some(70_000, 2, 65_537),
];

const distinct = (rows: number, width: number, count: number): RowCase => ({
  rows,
  width,
  count,
  indices: () =>
    tf.tensor1d(
      Int32Array.from(randomPermutation(randomKey('row', rows), rows).subarray(0, count)),
      'int32',
    ),
});

/** The same for a kernel that takes each row at most once. */
export const distinctRowCases: readonly RowCase[] = [
  distinct(1, 1, 1),
  distinct(9, 3, 7),
  distinct(13, 7, 9),
  distinct(150, 66, 129),
  distinct(70_000, 2, 65_537),
];
