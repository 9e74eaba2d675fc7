import { checkedSize, checkList, ShapeError } from '@neverend/backend';
import { checkedParam, checkParams, gatherRows, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkPeer, type PeerConfig, peerTables } from '../layer/config.ts';
import { peerShapes } from '../layer/costs.ts';
import type { ChangedPeer } from './grow-experts.ts';

/**
 * A PEER layer without some of its keys, and without the experts that these are part of: what `ItemUsage` reports as dead, for one. The layer gives what it gave wherever none of the
 * others is picked. Keep as many open keys as k needs: closed ones are never picked.
 *
 * @param width D, of the tokens. @param keep of each set the numbers of the keys that stay, in rising order.
 * @throws ShapeError | RangeError naming the argument, also where fewer than k experts would be left.
 */
export function pruneExperts(
  params: Params,
  width: number,
  config: PeerConfig,
  keep: readonly (readonly number[])[],
): ChangedPeer {
  checkPeer('pruneExperts', config);
  checkParams(params);
  checkedSize('width', width);
  const { sizes, heads, splitTables = false } = config;
  checkList('keep', keep, 'lists of keys, one for each set');
  if (keep.length !== sizes.length) {
    throw new ShapeError(
      `keep had ${keep.length} lists; it must have one for each of the ${sizes.length} sets`,
    );
  }
  for (const [set, keys] of keep.entries()) {
    checkList(`keep[${set}]`, keys, 'the keys of the set that stay');
    for (const [at, key] of keys.entries()) {
      const before = at === 0 ? -1 : (keys[at - 1] ?? -1);
      if (!(Number.isInteger(key) && key > before && key < (sizes[set] ?? 0))) {
        throw new RangeError(
          `keep[${set}] had ${key}; it must be whole numbers in rising order below ${sizes[set]}`,
        );
      }
    }
  }
  const pruned: PeerConfig = { ...config, sizes: keep.map((keys) => keys.length) };
  checkPeer('pruneExperts', pruned);
  const rows = rowsOf(sizes, keep, splitTables ? heads : 1);
  const tables = peerTables(width, config);
  const prune = (name: string): tf.Tensor => {
    const [kind, number] = name.split('/') as [string, string];
    const shape = tables[name];
    if (shape !== undefined) {
      return gatherRows(checkedParam(params, name, shape), tf.tensor1d(rows, 'int32'));
    }
    const own = checkedParam(params, name, ['...']);
    if (kind !== 'keys' && kind !== 'key_bias') return tf.clone(own);
    return tf.gather(own, tf.tensor1d([...(keep[Number(number)] ?? [])], 'int32'), 1);
  };
  const names = Object.keys(peerShapes(width, pruned));
  return {
    config: pruned,
    params: tf.tidy(() =>
      Object.fromEntries(names.map((name) => [name, tf.tidy(() => prune(name))])),
    ),
  };
}

/** The rows of the experts whose keys all stay, in their order. */
function rowsOf(
  sizes: readonly number[],
  keep: readonly (readonly number[])[],
  tables: number,
): Int32Array {
  let rows = Array.from({ length: tables }, (_, table) => table);
  for (const [set, keys] of keep.entries()) {
    rows = rows.flatMap((row) => keys.map((key) => row * (sizes[set] ?? 1) + key));
  }
  return Int32Array.from(rows);
}
