import { randomInt, randomKey } from '@neverend/backend';
import { currentTolerance, normalInput, type OpCase } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { type PickOrder, rowProducts, weightedRows } from '../src/index.ts';
import { rowProductsNaive, weightedRowsNaive } from '../src/picked-rows/naive.ts';
import { tableGradNaive } from '../src/table-grad/naive.ts';

type Arguments = readonly [
  outer: readonly number[],
  picks: number,
  rows: number,
  width: number,
  order?: PickOrder,
];

/** Rows that were chosen at random, of which many come several times. */
function made([outer, picks, rows, width]: Arguments) {
  const count = outer.reduce((product, size) => product * size, 1);
  const places = randomInt(randomKey('rows', rows, count), count * picks, rows);
  return {
    sizes: { count, picks, rows, width },
    indices: Int32Array.from(places),
    table: normalInput(randomKey('table'), [rows, width]),
    ofPicks: normalInput(randomKey('of picks'), [...outer, picks]),
    ofSums: normalInput(randomKey('of sums'), [...outer, width]),
  };
}

/** `weightedRows` with its reference. */
export function weightedRowsCase(...args: Arguments): OpCase {
  const { sizes, indices, table, ofPicks: weights, ofSums: dy } = made(args);
  return {
    op: ({ table, weights }) =>
      tf.tidy(() =>
        weightedRows(
          table as tf.Tensor,
          tf.tensor(indices, [...(weights as tf.Tensor).shape], 'int32'),
          weights as tf.Tensor,
          { order: args[4] },
        ),
      ),
    inputs: { table, weights },
    dy,
    y: weightedRowsNaive(table.data, indices, weights.data, sizes),
    gradients: {
      table: tableGradNaive(indices, weights.data, dy.data, sizes),
      weights: rowProductsNaive(table.data, indices, dy.data, sizes),
    },
    tolerance: currentTolerance(),
  };
}

/** `rowProducts` with its reference. */
export function rowProductsCase(...args: Arguments): OpCase {
  const { sizes, indices, table, ofPicks: dy, ofSums: x } = made(args);
  return {
    op: ({ table, x }) =>
      tf.tidy(() =>
        rowProducts(
          table as tf.Tensor,
          tf.tensor(indices, [...dy.shape], 'int32'),
          x as tf.Tensor,
          {
            order: args[4],
          },
        ),
      ),
    inputs: { table, x },
    dy,
    y: rowProductsNaive(table.data, indices, x.data, sizes),
    gradients: {
      table: tableGradNaive(indices, dy.data, x.data, sizes),
      x: weightedRowsNaive(table.data, indices, dy.data, sizes),
    },
    tolerance: currentTolerance(),
  };
}

/** One of everything, odd widths, several axes, many rows, many sums. */
export const pickedRowsArguments: readonly Arguments[] = [
  [[1], 1, 1, 1],
  [[3], 5, 7, 3],
  [[2, 3], 4, 9, 22],
  [[2, 2, 2], 16, 500, 66],
  [[300], 3, 2, 5],
  [[2, 3], 4, 9, 22, 'row'],
  [[300], 16, 40, 5, 'row'],
];
