import { checkTensorOf, checkVariable, ShapeError } from '@neverend/backend';
import { gatherRows, setRows } from '@neverend/nn';
import type * as tf from '@tensorflow/tfjs-core';

/**
 * Where the rows of a table lie: in a variable (`variableRows`), in a file, on another machine. An optimiser reads the rows
 * that a gradient touches, and writes them back. It never has two calls to one store under way at a time of which
 * one is a `set`.
 */
export interface RowStore {
  /** N, the number of rows, and D, their width. */
  readonly shape: readonly [number, number];
  /**
   * @param indices int32 `[K]`, each from 0 to N - 1 and none twice. They live until the result is there.
   * @returns the rows, float32 `[K, D]`, in a new tensor, the caller's to dispose.
   */
  gather(indices: tf.Tensor1D): tf.Tensor2D | Promise<tf.Tensor2D>;
  /**
   * Replaces rows. Who gathers them afterwards gets the new ones.
   *
   * @param indices as for `gather`. @param rows float32 `[K, D]`. Both live until this has ended.
   */
  set(indices: tf.Tensor1D, rows: tf.Tensor2D): void | Promise<void>;
}

/**
 * The rows of a variable, written in place where the backend can.
 *
 * @param table float32 `[N, D]`; it stays the caller's.
 * @throws TypeError, ShapeError or DTypeError when it is not.
 */
export function variableRows(table: tf.Variable): RowStore {
  checkVariable('table', table);
  checkTensorOf(`variable "${table.name}"`, table, ['float32']);
  const [n, d] = table.shape;
  if (n === undefined || d === undefined || table.rank !== 2) {
    throw new ShapeError(`variable "${table.name}" has shape [${table.shape}]; it must be [N, D]`);
  }
  const store: RowStore = {
    shape: [n, d],
    gather: (indices) => gatherRows(table, indices) as tf.Tensor2D,
    set: (indices, rows) => replace(table, setRows(table, indices, rows)),
  };
  variables.set(store, table);
  return store;
}

const variables = new WeakMap<RowStore, tf.Variable>();

/** The variable whose rows a store has; undefined where they lie elsewhere. */
export const variableOf = (store: RowStore): tf.Variable | undefined => variables.get(store);

/** Gives a variable its next value, which nothing else needs. */
export function replace(variable: tf.Variable, next: tf.Tensor): void {
  variable.assign(next);
  next.dispose();
}
