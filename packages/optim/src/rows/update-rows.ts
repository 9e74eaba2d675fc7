import { gatherRows, setRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { HostRowGradient } from './merge-rows.ts';

/** Rows of a table's state by name; float32 `[U, D]`, or `[U]` where a row has one number. */
export type SlotRows<K extends string> = Readonly<Record<K, tf.Tensor>>;

/** What an update makes of the rows that a gradient touches: `weights` and `gradient` are float32 `[U, D]`. */
export type RowRule<K extends string> = (
  weights: tf.Tensor,
  gradient: tf.Tensor,
  slots: SlotRows<K>,
) => { readonly weights: tf.Tensor; readonly slots: SlotRows<K> };

/**
 * Updates the rows of a table, and of the state beside it, that a gradient touches. In place, at a cost of those rows
 * alone, where the backend has kernels for it and nothing else holds the tensors' data; else in copies.
 *
 * @param table float32 `[N, D]`. @param slots `[N, D]` or `[N]` each. @param gradient has no row twice.
 * @returns tensors to go on with in place of `table` and `slots`, which stay the caller's to dispose.
 */
export function updateRows<K extends string>(
  rule: RowRule<K>,
  table: tf.Tensor,
  slots: SlotRows<K>,
  gradient: HostRowGradient,
): { table: tf.Tensor; slots: Record<K, tf.Tensor> } {
  const indices = tf.tensor1d(gradient.indices, 'int32');
  const keys = Object.keys(slots) as K[];
  const map = (make: (key: K) => tf.Tensor) =>
    Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, tf.Tensor>;
  const touched = (tensor: tf.Tensor) =>
    tensor.rank === 2 ? gatherRows(tensor, indices) : tf.gather(tensor, indices);
  const updated = rule(
    touched(table),
    gradient.rows,
    map((key) => touched(slots[key])),
  );
  return {
    table: setRows(table, indices, updated.weights),
    slots: map((key) => setRows(slots[key], indices, updated.slots[key])),
  };
}
