import {
  checkedSize,
  checkKey,
  checkList,
  checkTensor,
  described,
  type RandomKey,
  ShapeError,
  subkey,
} from '@neverend/backend';
import { checkedParam, checkParams, type Params } from '@neverend/nn';
import {
  checkStarts,
  checkTableRoom,
  filledTable,
  type PlacedRows,
  publishedStarts,
  rowSlices,
  type Start,
  type Starts,
  started,
} from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { checkPeer, type PeerConfig, peerTables } from '../layer/config.ts';
import { peerShapes } from '../layer/costs.ts';

/** A PEER layer of other sizes. */
export interface ChangedPeer {
  readonly config: PeerConfig;
  /** All parameters of the layer, the caller's to dispose; those that were given stay as they are. */
  readonly params: Record<string, tf.Tensor>;
}

/**
 * A PEER layer with more keys and so with more experts, which gives what the layer without them gives: new keys are closed, and an expert is picked by two keys that are
 * open. `openKeys` opens them by and by.
 *
 * With n + m keys for n in each of two sets there are (n + m)² experts for n²; those that there were get other numbers, in the same order. Outputs are equal bit by bit where
 * `order` of the configuration is one order, and backends have kernels; elsewhere products of more keys may round differently.
 *
 * @param width D, of the tokens. @param sizes the number of keys of each set, none smaller than it was.
 * @param key of the new numbers. @param starts how they start. Default: as `initPeer` has it.
 * @throws ShapeError | RangeError naming the argument. @throws BackendError where the new tables do not fit, before they are made.
 */
export function growExperts(
  params: Params,
  width: number,
  config: PeerConfig,
  sizes: readonly number[],
  key: RandomKey,
  starts: Partial<Starts> = {},
): ChangedPeer {
  checkPeer('growExperts', config);
  checkParams(params);
  checkedSize('width', width);
  checkStarts(starts);
  checkKey('key', key);
  checkList('sizes', sizes, 'the number of keys of each set');
  if (sizes.length !== config.sizes.length) {
    throw new ShapeError(
      `sizes had ${sizes.length} numbers; it must have one for each of the ${config.sizes.length} sets`,
    );
  }
  for (const [set, n] of sizes.entries()) checkedSize(`sizes[${set}]`, n, config.sizes[set]);
  const grown: PeerConfig = { ...config, sizes, keyBias: true };
  checkPeer('growExperts', grown);
  const grownTables = peerTables(width, grown);
  checkTableRoom(grownTables, config.splitTables ? config.heads : 1);
  const { heads, keyWidth, splitTables = false } = config;
  const own = { ...publishedStarts.memoryLayers(keyWidth, sizes.length, width), ...starts };
  const place = (...names: (string | number)[]) => subkey(key, ...names);
  const tables = peerTables(width, config);
  const grow = (name: string): tf.Tensor => {
    const [kind, number] = name.split('/') as [string, string];
    const set = Number(number);
    const added = (sizes[set] ?? 0) - (config.sizes[set] ?? 0);
    if (kind === 'keys') {
      const more = started(place(name), [heads, added, keyWidth], own.keys);
      return tf.concat([checkedParam(params, name, [heads, 'n', keyWidth]), more], 1);
    }
    if (kind === 'key_bias') {
      const open = config.keyBias
        ? checkedParam(params, name, [heads, 'n'])
        : tf.zeros([heads, config.sizes[set] ?? 1]);
      return tf.concat([open, tf.fill([heads, added], Number.NEGATIVE_INFINITY)], 1);
    }
    const shape = tables[name];
    if (shape === undefined) return tf.clone(checkedParam(params, name, ['...']));
    const from = { table: checkedParam(params, name, shape), sizes: config.sizes };
    const [rows] = grownTables[name] as [number, number];
    return filledTable(
      [rows, shape[1]],
      grownRows(from, sizes, splitTables ? heads : 1, (set) => ({
        key: place(name, set),
        start: own.tables,
      })),
    );
  };
  const names = Object.keys(peerShapes(width, grown));
  return {
    config: grown,
    params: tf.tidy(() =>
      Object.fromEntries(names.map((name) => [name, tf.tidy(() => grow(name))])),
    ),
  };
}

/** The rows of a grown table, some at a time: those that there were at their new places, then those of each set's new keys and all keys of the sets before it. */
function* grownRows(
  from: { readonly table: tf.Tensor; readonly sizes: readonly number[] },
  sizes: readonly number[],
  tables: number,
  newOnes: (set: number) => { readonly key: RandomKey; readonly start: Start },
): Generator<PlacedRows> {
  const [count = 0, width = 1] = from.table.shape;
  /** Where rows go that are counted through so many keys of each set, from a first one on. */
  const places = (
    begin: number,
    length: number,
    counts: readonly number[],
    firsts: readonly number[],
  ) =>
    Int32Array.from({ length }, (_, row) => {
      let [left, place, stride] = [begin + row, 0, 1];
      for (let set = sizes.length - 1; set >= 0; set--) {
        const n = counts[set] ?? 1;
        place += stride * ((left % n) + (firsts[set] ?? 0));
        left = Math.floor(left / n);
        stride *= sizes[set] ?? 1;
      }
      return place + stride * left;
    });
  for (const slice of rowSlices(count, width)) {
    yield {
      places: places(slice.at, slice.count, from.sizes, []),
      make: () => tf.slice(from.table, [slice.at, 0], [slice.count, width]),
    };
  }
  for (const [set, n] of from.sizes.entries()) {
    const added = (sizes[set] ?? n) - n;
    const counts = [...sizes.slice(0, set), added, ...from.sizes.slice(set + 1)];
    const firsts = sizes.map((_, other) => (other === set ? n : 0));
    const before = counts.slice(0, set + 1).reduce((product, m) => product * m, tables);
    const after = counts.slice(set + 1).reduce((product, m) => product * m, 1);
    const { key, start } = newOnes(set);
    for (const slice of rowSlices(before, after * width)) {
      yield {
        places: places(slice.at * after, slice.count * after, counts, firsts),
        make: () => {
          const made = subkey(key, slice.at);
          return tf.reshape(started(made, [slice.count, after * width], start), [-1, width]);
        },
      };
    }
  }
}

/**
 * Opens the keys that `growExperts` added: a closed key gets log `share` added to its scores, so that with scores that go through a softmax an expert of one new key has `share` of the weight that it
 * would have without, and one of two new keys share². From 0, where nothing changes, to 1, where all keys are alike.
 *
 * @param closed the `key_bias` of each set as `growExperts` made it: -Infinity for the keys that are to be opened. @param share from 0 to 1.
 * @returns what takes their place, the caller's to dispose. @throws TypeError | ShapeError naming the argument. @throws RangeError for another share.
 */
export function openKeys(closed: readonly tf.Tensor[], share: number): tf.Tensor[] {
  if (!(Number.isFinite(share) && share >= 0 && share <= 1)) {
    throw new RangeError(`share was ${described(share)}; it must be from 0 to 1`);
  }
  checkList('closed', closed, 'tensors, one for each set');
  for (const [set, bias] of closed.entries()) checkTensor(`closed[${set}]`, bias, ['H', 'n']);
  return closed.map((bias) =>
    tf.tidy(() =>
      tf.where(
        // Not a plain number, which TensorFlow.js' debug mode refuses if it is infinite.
        tf.equal(bias, tf.fill([], Number.NEGATIVE_INFINITY)),
        tf.fill(bias.shape, Math.log(share)),
        bias,
      ),
    ),
  );
}
