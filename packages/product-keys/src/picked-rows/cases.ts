import { type KernelCase, randomInt, randomKey } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { picksByRow } from '../sort-picks.ts';
import type { PickedRowsAttrs } from './types.ts';

/** One of everything, odd widths, more rows than picks and fewer, more sums than 16 bits count. */
const shapes: readonly (readonly [sums: number, picks: number, rows: number, width: number])[] = [
  [1, 1, 1, 1],
  [3, 5, 7, 3],
  [7, 4, 9, 22],
  [5, 16, 300, 66],
  [65_537, 2, 11, 2],
];

const numbersOf = (sums: number, picks: number, rows: number) =>
  Int32Array.from(randomInt(randomKey('row', rows), sums * picks, rows));

/** Token by token, and row by row. */
const orders = [false, true];
const others = (sums: number, picks: number, rows: number, sequenced: boolean) => ({
  indices: () => tf.tensor2d(numbersOf(sums, picks, rows), [sums, picks], 'int32'),
  anchor: () => tf.scalar(0),
  sequence: () => tf.tensor1d(sequenced ? picksByRow(numbersOf(sums, picks, rows)) : [0], 'int32'),
});

export const weightedRowsCases: readonly KernelCase<PickedRowsAttrs>[] = shapes.flatMap(
  ([sums, picks, rows, width]) =>
    orders.map((sequenced) =>
      randomCase(
        { table: { shape: [rows, width] }, weights: { shape: [sums, picks] } },
        { sequenced },
        others(sums, picks, rows, sequenced),
      ),
    ),
);

export const rowProductsCases: readonly KernelCase<PickedRowsAttrs>[] = shapes.flatMap(
  ([sums, picks, rows, width]) =>
    orders.map((sequenced) =>
      randomCase(
        { x: { shape: [sums, width] }, table: { shape: [rows, width] } },
        { sequenced },
        others(sums, picks, rows, sequenced),
      ),
    ),
);
