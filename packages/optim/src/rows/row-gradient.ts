import {
  checkObject,
  checkTensorOf,
  DTypeError,
  described,
  isLive,
  ShapeError,
} from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** Gradient of some rows of a table `[N, D]`; that of all others is zero. */
export interface RowGradient {
  /** Numbers of rows, int32 `[K]`, from 0 to N - 1 and in any order. Where a row comes several times, its gradients are summed. */
  readonly indices: tf.Tensor | Int32Array;
  /** The gradients of these rows, float32 `[K, D]`. */
  readonly rows: tf.Tensor;
}

/**
 * @param owner whose gradient it is, for the message: `of "table"`. @param width D, where a table or another gradient sets it.
 * @throws TypeError, ShapeError or DTypeError naming what does not fit.
 */
export function checkRowGradient(
  owner: string,
  gradient: RowGradient,
  width: number | string = 'D',
): void {
  checkObject(`the row gradient ${owner}`, gradient, 'with indices and rows');
  const { indices, rows } = gradient;
  checkTensorOf(`rows of the row gradient ${owner}`, rows, ['float32']);
  if (rows.rank !== 2 || (typeof width === 'number' && rows.shape[1] !== width)) {
    throw new ShapeError(
      `the row gradient ${owner} has shape [${rows.shape}]; it must be [K, ${width}]`,
    );
  }
  checkIndices(owner, indices);
  const count = indices instanceof Int32Array ? indices.length : indices.size;
  if (count !== rows.shape[0]) {
    throw new ShapeError(
      `the row indices ${owner} have shape [${count}]; it must be [${rows.shape[0]}]`,
    );
  }
}

/** @throws ShapeError or DTypeError unless indices are int32 `[K]`. */
export function checkIndices(owner: string, indices: tf.Tensor | Int32Array): void {
  if (indices instanceof Int32Array) return;
  if (!(indices instanceof tf.Tensor && isLive(indices))) {
    throw new TypeError(
      `the row indices ${owner} were ${described(indices)}; they must be an Int32Array or an int32 tensor`,
    );
  }
  if (indices.dtype !== 'int32') {
    throw new DTypeError(`the row indices ${owner} are ${indices.dtype}; they must be int32`);
  }
  if (indices.rank !== 1) {
    throw new ShapeError(`the row indices ${owner} have shape [${indices.shape}]; it must be [K]`);
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
