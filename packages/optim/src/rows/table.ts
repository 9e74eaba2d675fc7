import { checkObject, described, isLive } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { isAlive, type Parameter, variableNamed } from '../optimizer-state.ts';
import { type RowStore, variableRows } from './row-store.ts';

/** Tables by the names that their gradients have. */
export type Tables = Readonly<Record<string, RowStore | tf.Variable>>;

/** @throws TypeError naming what is no table. */
export function checkTables(tables: Tables): void {
  checkObject('tables', tables, 'of tables by names');
  for (const [name, table] of Object.entries(tables)) {
    if (table instanceof tf.Variable && isLive(table)) continue;
    const store = table as Partial<RowStore> | null | undefined;
    if (typeof store?.gather === 'function' && typeof store.set === 'function') continue;
    throw new TypeError(
      `tables["${name}"] was ${described(table)}; it must be a variable, or have shape, gather and set`,
    );
  }
}

/** A table as an optimiser knows it. */
export interface Table extends Parameter {
  readonly rows: RowStore;
}

/** What a name leads to: one of `tables`, else the variable of that name; undefined where there is neither. */
export function findParameter(
  tables: Tables,
  name: string,
): (Parameter & { readonly object: RowStore | tf.Variable }) | undefined {
  const object = Object.hasOwn(tables, name) ? tables[name] : variableNamed(name)?.object;
  if (object === undefined || !isAlive(object)) return undefined;
  return { name, object, shape: object.shape };
}

/** The table of a name, if there is one. @throws ShapeError or DTypeError for a variable that is not float32 `[N, D]`. */
export function findTable(tables: Tables, name: string): Table | undefined {
  const parameter = findParameter(tables, name);
  if (parameter === undefined) return undefined;
  const { object } = parameter;
  return { ...parameter, rows: object instanceof tf.Variable ? variableRows(object) : object };
}

/** @param source what names it, for the message: `gradients`. @throws RangeError when there is no such table. */
export function tableNamed(tables: Tables, name: string, source: string): Table {
  const table = findTable(tables, name);
  if (table === undefined) {
    throw new RangeError(`${source} name "${name}"; no variable of that name exists`);
  }
  return table;
}
