import * as tf from '@tensorflow/tfjs-core';
import type { SetRowsInputs } from './types.ts';

/** @returns a new table, `[N, ...]`. */
export function setRowsComposite({ table, indices, rows }: SetRowsInputs): tf.Tensor {
  // The kernel of the backend cpu writes into its input, and so into every clone of it.
  const own = tf.getBackend() === 'cpu' ? tf.mul(table, 1) : table;
  return tf.tensorScatterUpdate(own, tf.expandDims(indices, 1), rows);
}
