import { checkOneOf } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { picksByRow } from './sort-picks.ts';

/**
 * Which picks come first: those of one token after those of another, or those of one row after those of another, so that a row which many tokens pick is read once. By `auto` it
 * is the one that was measured to be faster at such sizes. The two orders round differently.
 */
export type PickOrder = 'auto' | 'token' | 'row';

/** The names of all orders. */
export const pickOrders: readonly PickOrder[] = ['auto', 'token', 'row'];

/** The order of the picks of some indices, for all calls with these. */
export interface Sequence {
  /** All picks, int32 `[T K]`; `[1]` where they go token by token. */
  readonly sequence: tf.Tensor;
  readonly sequenced: boolean;
}

/** Backends whose kernels go by a sequence; on others the numbers of rows would have to be waited for. */
const sequencing = new Set(['wasm', 'tensorflow']);

/**
 * From so many picks of each row on, in tables of so many bytes, which no cache keeps, `wasm` is faster row by row, by a fifth to a half. `tensorflow`
 * asks for rows before it needs them, and was not faster at any size.
 */
const worthPicks = 4;
const worthBytes = 2 ** 25;

/** @throws RangeError for another order. */
export function checkPickOrder(order: PickOrder): void {
  checkOneOf('order', order, pickOrders);
}

/** @throws RangeError for another order. */
export function sequenceOf(
  table: tf.Tensor,
  indices: tf.Tensor,
  order: PickOrder | Sequence = 'auto',
): Sequence {
  if (typeof order === 'object') return order;
  checkPickOrder(order);
  const backend = tf.getBackend();
  const isWorth =
    backend === 'wasm' &&
    4 * table.size >= worthBytes &&
    indices.size >= worthPicks * (table.shape[0] ?? 1);
  const sequenced = sequencing.has(backend) && (order === 'row' || (order === 'auto' && isWorth));
  if (!sequenced) return { sequence: tf.zeros([1], 'int32'), sequenced };
  const picks = picksByRow(indices.dataSync<'int32'>());
  return { sequence: tf.tensor1d(picks, 'int32'), sequenced };
}
