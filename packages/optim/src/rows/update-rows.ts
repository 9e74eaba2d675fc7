import * as tf from '@tensorflow/tfjs-core';
import type { MergedRows } from './row-gradient.ts';

/** Rows of a table's state by name; float32 `[U, D]`, or `[U]` where a row has one number. */
export type SlotRows<K extends string> = Readonly<Record<K, tf.Tensor>>;

/** What an update makes of the rows that a gradient touches: `weights` and `gradient` are float32 `[U, D]`. */
export type RowRule<K extends string> = (
  weights: tf.Tensor,
  gradient: tf.Tensor,
  slots: SlotRows<K>,
) => { readonly weights: tf.Tensor; readonly slots: SlotRows<K> };

/**
 * Updates the rows of a table, and of the state beside it, that a gradient touches.
 *
 * This is the composite, for every backend: it computes with the touched rows alone, but puts them into copies of the
 * whole tensors. A native kernel takes its place per rule, with the same arguments, and writes in place.
 *
 * @param table float32 `[N, D]`. @param slots `[N, D]` or `[N]` each.
 * @returns new tensors in place of `table` and `slots`, which stay the caller's.
 */
export function updateRows<K extends string>(
  rule: RowRule<K>,
  table: tf.Tensor,
  slots: SlotRows<K>,
  gradient: MergedRows,
): { table: tf.Tensor; slots: Record<K, tf.Tensor> } {
  const indices = tf.tensor1d(gradient.indices, 'int32');
  const places = tf.expandDims(indices, 1);
  const keys = Object.keys(slots) as K[];
  const map = (make: (key: K) => tf.Tensor) =>
    Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, tf.Tensor>;
  const updated = rule(
    tf.gather(table, indices),
    gradient.rows,
    map((key) => tf.gather(slots[key], indices)),
  );
  const put = (tensor: tf.Tensor, rows: tf.Tensor) =>
    tf.tensorScatterUpdate(ownCopy(tensor), places, rows);
  return {
    table: put(table, updated.weights),
    slots: map((key) => put(slots[key], updated.slots[key])),
  };
}

/** The kernel of the backend cpu writes into its input, and so into every clone of it. */
function ownCopy(tensor: tf.Tensor): tf.Tensor {
  return tf.getBackend() === 'cpu' ? tf.mul(tensor, 1) : tensor;
}
