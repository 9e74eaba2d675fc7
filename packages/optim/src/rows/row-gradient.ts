import { DTypeError, ShapeError, scatterAddRows } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkFloat } from '../checks.ts';

/** Gradient of some rows of a table `[N, D]`; that of all others is zero. */
export interface RowGradient {
  /** int32 `[K]`, from 0 to N - 1, in any order. Where a row comes several times, its gradients are summed. */
  readonly indices: tf.Tensor | Int32Array;
  /** float32 `[K, D]`. */
  readonly rows: tf.Tensor;
}

/** A gradient whose indices differ from each other and are known to the host. */
export interface MergedRows {
  /** `[U]`, in the order in which they came first. */
  readonly indices: Int32Array;
  /** float32 `[U, D]`. */
  readonly rows: tf.Tensor;
}

/** @throws ShapeError or DTypeError naming what does not fit a table of this shape. */
export function checkRowGradient(
  name: string,
  table: readonly number[],
  { indices, rows }: RowGradient,
): void {
  checkFloat(`the row gradient of "${name}"`, rows);
  const [count, width] = rows.shape;
  if (rows.rank !== 2 || width !== table[1]) {
    throw new ShapeError(
      `the row gradient of "${name}" has shape [${rows.shape}]; it must be [K, ${table[1]}]`,
    );
  }
  if (!(indices instanceof Int32Array) && indices.dtype !== 'int32') {
    throw new DTypeError(`the row indices of "${name}" are ${indices.dtype}; they must be int32`);
  }
  const shape = indices instanceof Int32Array ? [indices.length] : indices.shape;
  if (shape.length !== 1 || shape[0] !== count) {
    throw new ShapeError(
      `the row indices of "${name}" have shape [${shape}]; it must be [${count}]`,
    );
  }
}

/** @throws RangeError naming the first index that is no row of a table with so many. */
export function checkRowIndices(name: string, indices: Int32Array, rowCount: number): void {
  const wrong = indices.find((index) => index < 0 || index >= rowCount);
  if (wrong !== undefined) {
    throw new RangeError(
      `the row indices of "${name}" have ${wrong}; they must be from 0 to ${rowCount - 1}`,
    );
  }
}

/**
 * Sums the gradients of rows that come several times, in the order in which they come.
 *
 * Called in a `tf.tidy`.
 *
 * @param rows float32 `[K, D]`, the caller's own; also returned where no row comes twice.
 */
export function mergeRows(indices: Int32Array, rows: tf.Tensor): MergedRows {
  const places = new Map<number, number>();
  const targets = indices.map((index) => {
    const place = places.get(index) ?? places.size;
    places.set(index, place);
    return place;
  });
  if (places.size === indices.length) return { indices, rows };
  const [, width = 0] = rows.shape;
  const sums = tf.variable(tf.zeros([places.size, width]), false);
  scatterAddRows(sums, tf.tensor1d(targets, 'int32'), rows);
  const merged = tf.clone(sums);
  sums.dispose();
  return { indices: Int32Array.from(places.keys()), rows: merged };
}
