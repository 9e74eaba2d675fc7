import { type KernelCase, randomInt, randomKey } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { TableGradAttrs } from './types.ts';

/** One of everything, odd widths, more rows than picks and fewer, more sources than 16 bits count. */
const shapes: readonly (readonly [count: number, picks: number, rows: number, width: number])[] = [
  [1, 1, 1, 1],
  [3, 5, 7, 3],
  [7, 4, 300, 22],
  [40, 16, 5, 66],
  [65_537, 2, 11, 2],
];

export const tableGradCases: readonly KernelCase<TableGradAttrs>[] = shapes.map(
  ([count, picks, rows, width]) =>
    randomCase(
      { factors: { shape: [count, picks] }, sources: { shape: [count, width] } },
      { rows },
      {
        indices: () =>
          tf.tensor2d(
            Int32Array.from(randomInt(randomKey('row', rows), count * picks, rows)),
            [count, picks],
            'int32',
          ),
      },
    ),
);
