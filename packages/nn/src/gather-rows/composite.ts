import * as tf from '@tensorflow/tfjs-core';
import type { GatherRowsInputs } from './types.ts';

/** @returns `[...indices, D]`. */
export function gatherRowsComposite({ table, indices }: GatherRowsInputs): tf.Tensor {
  const rows = tf.gather(table, tf.reshape(indices, [-1]));
  return tf.reshape(rows, [...indices.shape, table.shape[1] ?? 1]);
}
