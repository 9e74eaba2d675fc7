import { ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkFloat } from '../checks.ts';
import { checkRowIndices } from './row-gradient.ts';

/**
 * The table of a name.
 *
 * @param source what names it, for the message: `gradients`.
 * @throws RangeError when no variable has the name, ShapeError or DTypeError unless it is float32 `[N, D]`.
 */
export function tableNamed(name: string, source: string): tf.Variable {
  const table = tf.engine().registeredVariables[name];
  if (table === undefined) {
    throw new RangeError(`${source} name "${name}"; no variable of that name exists`);
  }
  checkFloat(`variable "${name}"`, table);
  if (table.rank !== 2) {
    throw new ShapeError(`variable "${name}" has shape [${table.shape}]; it must be [N, D]`);
  }
  return table;
}

/** Indices of rows on the host, where each is one of the table's. @throws what `checkRowIndices` throws. */
export async function hostIndices(
  name: string,
  indices: tf.Tensor | Int32Array,
  table: tf.Tensor,
): Promise<Int32Array> {
  const values = indices instanceof Int32Array ? indices : await indices.data<'int32'>();
  checkRowIndices(name, values, table.shape[0] ?? 0);
  return values;
}
