import {
  checkObject,
  checkOptions,
  checkTensor,
  checkVariable,
  described,
  ShapeError,
} from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { SortedPicks } from '../sort-picks.ts';
import { summedPicks } from '../summed-picks/index.ts';
import { type PickedGradient, type TableCollector, whileCollecting } from './collector.ts';
import { PickSorter } from './pick-sorter.ts';

/** Gradients of some rows of a table; those of all others are zero. A row gradient of `@neverend/optim`. */
export interface TableGradient {
  /** Each row once, in rising order: `[U]`. Tables of the same picks share one array. */
  readonly indices: Int32Array;
  /** float32 `[U, D]`. */
  readonly rows: tf.Tensor2D;
}

/** All tensors are the caller's to dispose. */
export interface RowGradients<Name extends string> {
  readonly value: tf.Scalar;
  /** Of the variables, by their names. */
  readonly grads: tf.NamedTensorMap;
  /** Of the tables, by the names that they were given. One that the loss does not use has no rows. */
  readonly rows: Readonly<Record<Name, TableGradient>>;
}

/** What is differentiated by. */
export interface RowGradientOptions<Name extends string> {
  /** float32 `[N, D]` each. */
  readonly tables: Readonly<Record<Name, tf.Variable>>;
  /** Default: all trainable variables but the tables, as `tf.variableGrads` has it. */
  readonly variables?: readonly tf.Variable[];
}

/**
 * The gradients of a loss by variables, and by the rows of tables that it picked (`weightedRows`): time and memory go by what was picked, whatever the
 * tables' sizes. A row that was picked several times has the sum, in the order of the picks. What else the loss does with a table has no gradient.
 *
 * @throws TypeError for an unknown option, and for what is no variable. @throws ShapeError | DTypeError for a table that is none, and a loss that is no scalar.
 * @throws RangeError for a table that is given twice, or is among the variables. @throws what the loss throws.
 */
export async function rowGradients<Name extends string>(
  loss: () => tf.Scalar,
  options: RowGradientOptions<Name>,
): Promise<RowGradients<Name>> {
  checkOptions('rowGradients', options, ['tables', 'variables']);
  if (typeof loss !== 'function') {
    throw new TypeError(`loss was ${described(loss)}; it must be a function`);
  }
  const names = checkedTables(options.tables);
  const tables = names.map((name) => options.tables[name]);
  const variables =
    options.variables ??
    Object.values(tf.engine().registeredVariables).filter(
      (variable) => variable.trainable && !tables.includes(variable),
    );
  if (!Array.isArray(variables)) {
    throw new TypeError(`variables was ${described(variables)}; it must be a list of variables`);
  }
  for (const [at, variable] of variables.entries()) {
    checkVariable(`variables[${at}]`, variable);
    const table = tables.findIndex(({ dataId }) => dataId === variable.dataId);
    if (table >= 0) {
      throw new RangeError(
        `variables had tables.${names[table]}; it must have no table, since a table's gradient is rows`,
      );
    }
  }
  const collectors = new Map(
    tables.map(({ dataId }): [tf.DataId, TableCollector] => [
      dataId,
      { anchor: tf.scalar(0), picked: [] },
    ]),
  );
  const anchors = Array.from(collectors.values(), ({ anchor }) => anchor);
  try {
    const { value, grads } = whileCollecting(collectors, () =>
      tf.engine().gradients(() => checkedLoss(loss()), [...variables, ...anchors], undefined, true),
    );
    tf.dispose(grads.slice(variables.length));
    const sorter = new PickSorter();
    const rows = {} as Record<Name, TableGradient>;
    try {
      for (const [at, name] of names.entries()) {
        const table = tables[at] as tf.Variable;
        rows[name] = await rowsOf(table, collectors.get(table.dataId)?.picked ?? [], sorter);
      }
    } catch (error) {
      const made = Object.values<TableGradient>(rows).map((one) => one.rows);
      tf.dispose([value, ...grads.slice(0, variables.length), ...made]);
      throw error;
    }
    const dense = variables.flatMap(({ name }, at) => {
      const grad = grads[at];
      return grad ? [[name, grad] as const] : [];
    });
    return { value: value as tf.Scalar, grads: Object.fromEntries(dense), rows };
  } finally {
    tf.dispose(anchors);
    for (const { picked } of collectors.values())
      tf.dispose(picked.flatMap((one) => Object.values(one)));
  }
}

/** @returns the names of the tables. */
function checkedTables<Name extends string>(tables: Readonly<Record<Name, tf.Variable>>): Name[] {
  checkObject('tables', tables, 'of variables [N, D]');
  const names = Object.keys(tables) as Name[];
  for (const [at, name] of names.entries()) {
    const table = tables[name];
    checkVariable(`tables.${name}`, table, ['N', 'D']);
    const same = names.slice(0, at).find((other) => tables[other].dataId === table.dataId);
    if (same !== undefined) {
      throw new RangeError(
        `tables.${name} was the table of tables.${same}; each must be a table of its own`,
      );
    }
  }
  return names;
}

function checkedLoss(value: tf.Scalar): tf.Scalar {
  const shape = value instanceof tf.Tensor ? `[${value.shape.join(', ')}]` : described(value);
  if (shape !== '[]') throw new ShapeError(`loss gave ${shape}; it must give a scalar`);
  checkTensor('loss', value, []);
  return value;
}

/** The sum of all that a table got. */
async function rowsOf(
  table: tf.Variable,
  picked: readonly PickedGradient[],
  sorter: PickSorter,
): Promise<TableGradient> {
  const [first, ...others] = await Promise.all(
    picked.map(async ({ indices, factors, sources }) => {
      const sorted = sorter.sort(await indices.data<'int32'>());
      return { indices: sorted.rows, rows: sumOf(sorted, factors, sources) };
    }),
  );
  if (first === undefined) {
    return { indices: new Int32Array(0), rows: tf.zeros([0, table.shape[1] ?? 1]) };
  }
  if (others.length === 0) return first;
  const all = [first, ...others];
  const sorted = sorter.sort(joined(all.map(({ indices }) => indices)));
  const rows = tf.tidy(() => {
    const sources = tf.concat(all.map((one) => one.rows));
    return sumOf(sorted, tf.ones([sources.shape[0] ?? 0, 1]), sources);
  });
  tf.dispose(all.map((one) => one.rows));
  return { indices: sorted.rows, rows };
}

function joined(lists: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}

const sumOf = ({ picks, starts }: SortedPicks, factors: tf.Tensor, sources: tf.Tensor) =>
  tf.tidy(
    () =>
      summedPicks({
        factors,
        sources,
        picks: tf.tensor1d(picks, 'int32'),
        starts: tf.tensor1d(starts, 'int32'),
      }) as tf.Tensor2D,
  );
