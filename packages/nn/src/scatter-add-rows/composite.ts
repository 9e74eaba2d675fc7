import { registerStockFixes } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { ScatterAddRowsInputs } from './types.ts';

/** @returns a new table, `[N, D]`. */
export function scatterAddRowsComposite({ table, indices, rows }: ScatterAddRowsInputs): tf.Tensor {
  // Where a program has set wasm itself, nothing of this was registered yet.
  registerStockFixes();
  const sums = tf.unsortedSegmentSum(rows, indices as tf.Tensor1D, table.shape[0] ?? 1);
  return tf.add(table, sums);
}
