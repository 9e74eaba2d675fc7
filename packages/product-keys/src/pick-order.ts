import { checkOneOf, checkTensor, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { picksByRow } from './sort-picks.ts';

/**
 * Which picks come first: those of one token after those of another, or those of one row after those of another, so that a row which many tokens pick is read once. By `auto` it
 * is the one that was measured to be faster at such sizes. The two orders round differently.
 */
export type PickOrder = 'auto' | 'token' | 'row';

/** The names of all orders. */
export const pickOrders: readonly PickOrder[] = ['auto', 'token', 'row'];

/** The order of the picks of some indices, for all calls with these. Only `sequenceOf` makes one. */
export interface Sequence {
  /** All picks, int32 `[T K]`; `[1]` where they go token by token. */
  readonly sequence: tf.Tensor;
  readonly sequenced: boolean;
}

/** Those that there are: kernels go where a sequence says, wherever that is. */
const made = new WeakSet<object>();

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

/**
 * The order in which the picks of a table are gone through, for several calls with the same indices: these would sort them again and again.
 *
 * @param table `[N, D]`; for several tables one of them, by which `auto` decides. @param indices `[..., K]`, int32, each from 0 to N - 1.
 * @param order a sequence of as many picks is returned as it is.
 * @returns what `order` of `weightedRows`, `rowProducts` and `expertsApply` takes. Its tensor is the caller's to dispose.
 * @throws RangeError for another order. @throws TypeError for a sequence that was made by hand or is disposed. @throws ShapeError for one of another number of picks.
 */
export function sequenceOf(
  table: tf.Tensor,
  indices: tf.Tensor,
  order: PickOrder | Sequence = 'auto',
): Sequence {
  checkTensor('table', table, ['N', 'D']);
  checkTensor('indices', indices, ['...'], 'int32');
  if (typeof order === 'object') {
    checkSequence(order, indices.size);
    return order;
  }
  checkPickOrder(order);
  const backend = tf.getBackend();
  const isWorth =
    backend === 'wasm' &&
    4 * table.size >= worthBytes &&
    indices.size >= worthPicks * (table.shape[0] ?? 1);
  const sequenced = sequencing.has(backend) && (order === 'row' || (order === 'auto' && isWorth));
  const picks = sequenced ? picksByRow(indices.dataSync<'int32'>()) : Int32Array.of(0);
  const sequence = { sequence: tf.tensor1d(picks, 'int32'), sequenced };
  made.add(sequence);
  return sequence;
}

function checkSequence(order: Sequence, picks: number): void {
  if (!made.has(order)) {
    throw new TypeError(
      'order was an object that is not from `sequenceOf`; it must be what that gave, or one of auto, token, row',
    );
  }
  const { sequence, sequenced } = order;
  if (sequence.isDisposed) throw new TypeError('order was disposed; it must be in memory');
  if (sequenced && sequence.size !== picks) {
    throw new ShapeError(`order was of ${sequence.size} picks; it must be of ${picks}`);
  }
}
