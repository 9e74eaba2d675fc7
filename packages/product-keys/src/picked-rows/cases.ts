import { type KernelCase, randomInt, randomKey } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { PickedRowsAttrs } from './types.ts';

/** One of everything, odd widths, more rows than picks and fewer, more sums than 16 bits count. */
const shapes: readonly (readonly [sums: number, picks: number, rows: number, width: number])[] = [
  [1, 1, 1, 1],
  [3, 5, 7, 3],
  [7, 4, 9, 22],
  [5, 16, 300, 66],
  [65_537, 2, 11, 2],
];

const indicesOf = (sums: number, picks: number, rows: number) => () =>
  tf.tensor2d(
    Int32Array.from(randomInt(randomKey('row', rows), sums * picks, rows)),
    [sums, picks],
    'int32',
  );

export const weightedRowsCases: readonly KernelCase<PickedRowsAttrs>[] = shapes.map(
  ([sums, picks, rows, width]) =>
    randomCase(
      { table: { shape: [rows, width] }, weights: { shape: [sums, picks] } },
      {},
      { indices: indicesOf(sums, picks, rows), anchor: () => tf.scalar(0) },
    ),
);

export const rowProductsCases: readonly KernelCase<PickedRowsAttrs>[] = shapes.map(
  ([sums, picks, rows, width]) =>
    randomCase(
      { x: { shape: [sums, width] }, table: { shape: [rows, width] } },
      {},
      { indices: indicesOf(sums, picks, rows), anchor: () => tf.scalar(0) },
    ),
);
