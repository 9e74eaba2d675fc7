import * as tf from '@tensorflow/tfjs-core';
import { pickedRowsSizes, type RowProductsInputs, type WeightedRowsInputs } from './types.ts';

/** With all rows in memory. @returns `[T, D]`. */
export function weightedRowsComposite({
  table,
  indices,
  weights,
}: Omit<WeightedRowsInputs, 'anchor' | 'sequence'>): tf.Tensor {
  const { count, picks, width } = pickedRowsSizes({ table, indices });
  const rows = gathered(table, indices);
  return tf.reshape(tf.matMul(tf.reshape(weights, [count, 1, picks]), rows), [count, width]);
}

/** With all rows in memory. @returns `[T, K]`. */
export function rowProductsComposite({
  table,
  indices,
  x,
}: Omit<RowProductsInputs, 'anchor' | 'sequence'>): tf.Tensor {
  const { count, picks, width } = pickedRowsSizes({ table, indices });
  const products = tf.matMul(gathered(table, indices), tf.reshape(x, [count, width, 1]));
  return tf.reshape(products, [count, picks]);
}

/** `[T, K, D]`. */
function gathered(table: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const { count, picks, width } = pickedRowsSizes({ table, indices });
  return tf.reshape(tf.gather(table, tf.reshape(indices, [-1])), [count, picks, width]);
}
