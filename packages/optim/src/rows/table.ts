import * as tf from '@tensorflow/tfjs-core';
import { isAlive, type Parameter, variableNamed } from '../optimizer-state.ts';
import { type RowStore, variableRows } from './row-store.ts';

/** Tables by the names that their gradients have. */
export type Tables = Readonly<Record<string, RowStore | tf.Variable>>;

/** A table as an optimiser knows it. */
export interface Table extends Parameter {
  readonly rows: RowStore;
}

/** The table of a name: one of `tables`, else the variable of that name; undefined where there is neither. */
export function findTable(tables: Tables, name: string): Table | undefined {
  const object = Object.hasOwn(tables, name) ? tables[name] : variableNamed(name)?.object;
  if (object === undefined || !isAlive(object)) return undefined;
  const rows = object instanceof tf.Variable ? variableRows(object) : object;
  return { name, object, shape: rows.shape, rows };
}

/** @param source what names it, for the message: `gradients`. @throws RangeError when there is no such table. */
export function tableNamed(tables: Tables, name: string, source: string): Table {
  const table = findTable(tables, name);
  if (table === undefined) {
    throw new RangeError(`${source} name "${name}"; no variable of that name exists`);
  }
  return table;
}
