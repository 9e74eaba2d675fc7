import * as tf from '@tensorflow/tfjs-core';
import { pickedRowsSizes, type RowProductsInputs, type WeightedRowsInputs } from './types.ts';

/** With all rows in memory. @returns `[T, D]`. */
export function weightedRowsComposite({
  table,
  indices,
  weights,
}: Omit<WeightedRowsInputs, 'anchor' | 'sequence'>): tf.Tensor {
  // Products in batches would be too many for a dispatch of WebGPU.
  return tf.sum(tf.mul(gathered(table, indices), tf.expandDims(weights, 2)), 1);
}

/** With all rows in memory. @returns `[T, K]`. */
export function rowProductsComposite({
  table,
  indices,
  x,
}: Omit<RowProductsInputs, 'anchor' | 'sequence'>): tf.Tensor {
  return tf.sum(tf.mul(gathered(table, indices), tf.expandDims(x, 1)), 2);
}

/** `[T, K, D]`. */
function gathered(table: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const { count, picks, width } = pickedRowsSizes({ table, indices });
  return tf.reshape(tf.gather(table, tf.reshape(indices, [-1])), [count, picks, width]);
}
