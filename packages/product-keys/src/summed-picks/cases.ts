import { type KernelCase, randomInt, randomKey } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { sortPicks } from '../sort-picks.ts';
import type { SummedPicksAttrs } from './types.ts';

/** One of everything, odd widths, rows with many picks, many rows with few. */
const shapes: readonly (readonly [
  sources: number,
  perSource: number,
  of: number,
  width: number,
])[] = [
  [1, 1, 1, 1],
  [3, 5, 4, 3],
  [7, 4, 50, 22],
  [20, 16, 3, 66],
  [33_000, 2, 70_000, 2],
];

export const summedPicksCases: readonly KernelCase<SummedPicksAttrs>[] = shapes.map(
  ([sources, perSource, of, width]) => {
    const sorted = () =>
      sortPicks(Int32Array.from(randomInt(randomKey('row', of), sources * perSource, of)));
    return randomCase(
      { factors: { shape: [sources, perSource] }, sources: { shape: [sources, width] } },
      {},
      {
        picks: () => tf.tensor1d(sorted().picks, 'int32'),
        starts: () => tf.tensor1d(sorted().starts, 'int32'),
      },
    );
  },
);
