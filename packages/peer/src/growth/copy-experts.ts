import {
  checkList,
  checkObject,
  checkTensorOf,
  checkVariable,
  described,
  ShapeError,
} from '@neverend/backend';
import { gatherRows, setRows } from '@neverend/nn';
import type { TableGradient } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Copies experts over others: the rows `from` of all tables in the place of the rows `to`, in place where the backend can.
 *
 * @param tables variables `[N, D]`, as `peerTables` names them. @param from `[K]`. @param to `[K]`, each once.
 * @throws TypeError | ShapeError | RangeError naming the argument.
 */
export function copyExperts(
  tables: readonly tf.Variable[],
  from: readonly number[],
  to: readonly number[],
): void {
  checkList('tables', tables, 'variables [N, D]');
  for (const [name, list] of Object.entries({ from, to })) {
    if (Array.isArray(list)) continue;
    throw new TypeError(`${name} was ${described(list)}; it must be a list of experts`);
  }
  if (from.length !== to.length) {
    throw new ShapeError(`to had ${to.length} experts; from had ${from.length}`);
  }
  if (new Set(to).size < to.length) throw new RangeError('to had an expert twice');
  for (const [at, table] of tables.entries()) {
    checkVariable(`tables[${at}]`, table, ['N', 'D']);
    const count = table.shape[0] ?? 0;
    for (const [name, list] of Object.entries({ from, to })) {
      const wrong = list.find((row) => !(Number.isInteger(row) && row >= 0 && row < count));
      if (wrong !== undefined) {
        throw new RangeError(`${name} had ${wrong}; it must be from 0 to ${count - 1}`);
      }
    }
  }
  if (from.length === 0) return;
  tf.tidy(() => {
    const [source, target] = [from, to].map((list) => tf.tensor1d([...list], 'int32')) as [
      tf.Tensor1D,
      tf.Tensor1D,
    ];
    for (const table of tables) {
      const changed = setRows(table, target, gatherRows(table, source));
      if (changed.dataId !== table.dataId) table.assign(changed);
    }
  });
}

/**
 * The gradient of a table without the rows that are frozen, for its row optimiser: frozen experts stay as they are, bit by bit.
 *
 * @param gradient as `rowGradients` gives it; it stays the caller's. @param isFrozen tells of a row.
 * @returns the caller's to dispose.
 */
export function withoutFrozen(
  gradient: TableGradient,
  isFrozen: (row: number) => boolean,
): TableGradient {
  checkObject('gradient', gradient, 'with indices and rows');
  const { indices, rows } = gradient;
  if (!(indices instanceof Int32Array)) {
    throw new TypeError(`gradient.indices was ${described(indices)}; it must be an Int32Array`);
  }
  checkTensorOf('gradient.rows', rows, ['float32'], [indices.length, 'D']);
  if (typeof isFrozen !== 'function') {
    throw new TypeError(`isFrozen was ${described(isFrozen)}; it must be a function of a row`);
  }
  const places = Array.from(indices, (_, place) => place).filter(
    (place) => !isFrozen(indices[place] ?? 0),
  );
  return {
    indices: Int32Array.from(places, (place) => indices[place] ?? 0),
    rows:
      places.length === 0
        ? tf.zeros([0, rows.shape[1]])
        : tf.tidy(() => gatherRows(rows, tf.tensor1d(places, 'int32')) as tf.Tensor2D),
  };
}
