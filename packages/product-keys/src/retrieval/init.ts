import {
  checkedSize,
  checkKey,
  checkList,
  checkNumber,
  checkObject,
  checkOptions,
  checkRoom,
  checkSizes,
  type RandomKey,
  randomUniform,
  roomFor,
  subkey,
} from '@neverend/backend';
import { normal, setRows, xavierUniform } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkRetrieval, checkSets, type RetrievalConfig, retrievalOptions } from './config.ts';
import { retrievalShapes } from './costs.ts';

/** Random numbers to start with: uniform in ± a limit, or normal with a deviation. */
export type Start = { readonly uniform: number } | { readonly normal: number };

/** How keys and tables start. */
export interface Starts {
  readonly keys: Start;
  readonly tables: Start;
}

/** How keys of width C in S sets, and tables of width D start. */
export type StartsOf = (keyWidth: number, sets: number, width: number) => Starts;

/** How published codes start keys and tables, for keys of width C in S sets, and tables of width D. */
export const publishedStarts: Readonly<
  Record<'memoryLayers' | 'productKeyMemory' | 'peerPytorch', StartsOf>
> = {
  /** Meta's memory layers (arXiv 2412.09764): keys uniform in ±1/sqrt(S C), tables normal with 1/sqrt(D). */
  memoryLayers: (keyWidth, sets, width) => ({
    keys: { uniform: 1 / Math.sqrt(sets * keyWidth) },
    tables: { normal: 1 / Math.sqrt(width) },
  }),
  /** Product-key memories of 2019: keys uniform in ±1/sqrt(C), values normal with 1/sqrt(D). */
  productKeyMemory: (keyWidth, _sets, width) => ({
    keys: { uniform: 1 / Math.sqrt(keyWidth) },
    tables: { normal: 1 / Math.sqrt(width) },
  }),
  /** PEER in PyTorch: keys normal with 0.02, tables with 1. */
  peerPytorch: () => ({ keys: { normal: 0.02 }, tables: { normal: 1 } }),
};

/** Numbers of this start. @returns the caller's to dispose. @throws TypeError | RangeError for a start that is none. */
export function started(key: RandomKey, shape: readonly number[], start: Start): tf.Tensor {
  checkStart('start', start);
  checkList('shape', shape, 'sizes');
  if ('normal' in start) return normal(key, shape, start.normal);
  const values = randomUniform(key, tf.util.sizeFromShape([...shape]));
  return tf.tensor(
    values.map((u) => (2 * u - 1) * start.uniform),
    [...shape],
    'float32',
  );
}

function checkStart(name: string, start: Start): void {
  checkObject(name, start, 'with uniform or normal');
  const [kind, size] = 'normal' in start ? ['normal', start.normal] : ['uniform', start.uniform];
  checkNumber(`${name}.${kind}`, size as number, 0);
}

/** @throws TypeError | RangeError naming a start that is none. */
export function checkStarts(starts: Partial<Starts>): void {
  checkOptions('starts', starts, ['keys', 'tables']);
  for (const [name, start] of Object.entries(starts)) checkStart(`starts.${name}`, start);
}

/** Numbers that are made at a time. */
const sliceNumbers = 2 ** 20;

/** Slices of a table `[N, D]` that are small beside it: which row each begins with, and how many it has. */
export function* rowSlices(
  rows: number,
  width: number,
): Generator<{ readonly at: number; readonly count: number }> {
  const height = Math.max(1, Math.floor(sliceNumbers / width));
  for (let at = 0; at < rows; at += height) yield { at, count: Math.min(height, rows - at) };
}

/** Some rows of a table: their numbers, each once, and how they are made, `[K, D]`. */
export interface PlacedRows {
  readonly places: Int32Array;
  readonly make: () => tf.Tensor;
}

/** A table `[N, D]` of these rows, and of zeros where none are given. Where the backend can, it is filled in place: beside it there is little in memory. @returns the caller's to dispose. */
export function filledTable(
  shape: readonly [number, number],
  parts: Iterable<PlacedRows>,
): tf.Tensor {
  checkList('shape', shape, 'rows and columns');
  let table: tf.Tensor = tf.zeros([...shape]);
  for (const { places, make } of parts) {
    const before = table;
    table = tf.tidy(() => setRows(before, tf.tensor1d(places, 'int32'), make()));
    if (table !== before) before.dispose();
  }
  return table;
}

/** A table of this start, `[N, D]`, made some rows at a time. @returns the caller's to dispose. */
export function startedTable(
  key: RandomKey,
  shape: readonly [number, number],
  start: Start,
): tf.Tensor {
  checkList('shape', shape, 'rows and columns');
  const [rows, width] = shape;
  checkSizes({ rows, width });
  checkStart('start', start);
  checkKey('key', key);
  const slices = [...rowSlices(rows, width)];
  const make = ({ at, count }: { at: number; count: number }) =>
    started(subkey(key, at), [count, width], start);
  const [first, ...others] = slices;
  if (first !== undefined && others.length === 0) return make(first);
  return filledTable(
    [rows, width],
    slices.map((slice) => ({
      places: Int32Array.from({ length: slice.count }, (_, row) => slice.at + row),
      make: () => make(slice),
    })),
  );
}

/**
 * Parameters of retrieval: the query's kernel Xavier uniform over all heads, its bias 0, a norm that changes nothing, and keys.
 *
 * @param width D, of the tokens. @param keys how keys start. Default: uniform in ±1/sqrt(S C), as Meta's memory layers have it.
 * @returns the caller's to dispose. @throws naming the option that is wrong.
 */
export function initRetrieval(
  key: RandomKey,
  width: number,
  config: RetrievalConfig,
  keys?: Start,
): Record<string, tf.Tensor> {
  checkedSize('width', width);
  checkRetrieval('initRetrieval', config);
  if (keys !== undefined) checkStart('keys', keys);
  checkKey('key', key);
  const { heads, sizes, keyWidth } = config;
  const start = keys ?? publishedStarts.memoryLayers(keyWidth, sizes.length, width).keys;
  const place = (...names: (string | number)[]) => subkey(key, ...names);
  const begin = (name: string, shape: readonly number[]) => {
    if (name.startsWith('keys/')) return started(place(name), shape, start);
    if (name === 'query/kernel') {
      return xavierUniform(place('query'), shape, width, heads * sizes.length * keyWidth);
    }
    const isOne = name.endsWith('/scale') || name.endsWith('/variance');
    return isOne ? tf.ones([...shape]) : tf.zeros([...shape]);
  };
  return Object.fromEntries(
    Object.entries(retrievalShapes(width, config)).map(([name, shape]) => [
      name,
      begin(name, shape),
    ]),
  );
}

/**
 * The tables of a layer fit the current backend. @param tables their shapes, by their names. @param tableCount how many tables of N rows each is.
 * @throws BackendError saying how many items would, before anything is allocated.
 */
export function checkTableRoom(
  tables: Readonly<Record<string, readonly number[]>>,
  tableCount = 1,
): void {
  const room = roomFor();
  if (room === undefined) return;
  const widths = Object.values(tables).map(([, width = 1]) => width);
  const rowBytes =
    4 * (room.of === 'all' ? widths.reduce((sum, width) => sum + width, 0) : Math.max(...widths));
  const most = Math.floor(room.bytes / rowBytes / tableCount);
  checkRoom(tables, `at most ${most} items of these widths have`);
}

/** The options of retrieval among those of a layer that retrieves. */
export function retrievalOf(config: RetrievalConfig): RetrievalConfig {
  checkSets(config);
  const own = retrievalOptions.map((name) => [name, config[name]] as const);
  return Object.fromEntries(
    own.filter(([, value]) => value !== undefined),
  ) as unknown as RetrievalConfig;
}
