import { initMlp } from '@neverend/attention';
import { checkedSize, checkKey, type RandomKey, subkey } from '@neverend/backend';
import { withPrefix } from '@neverend/nn';
import {
  checkStarts,
  checkTableRoom,
  initRetrieval,
  publishedStarts,
  retrievalOf,
  type Starts,
  startedTable,
} from '@neverend/product-keys';
import type * as tf from '@tensorflow/tfjs-core';
import { checkPeer, type PeerConfig, peerTables } from './config.ts';

/**
 * Parameters of a PEER layer. Keys and tables start as Meta's memory layers have it unless `starts` says otherwise: keys uniform in ±1/sqrt(S C), tables
 * normal with 1/sqrt(D).
 *
 * @param width D, of the tokens. @returns the caller's to dispose. @throws naming the option that is wrong.
 */
export function initPeer(
  key: RandomKey,
  width: number,
  config: PeerConfig,
  starts: Partial<Starts> = {},
): Record<string, tf.Tensor> {
  checkPeer('initPeer', config);
  checkedSize('width', width);
  checkStarts(starts);
  checkKey('key', key);
  const { keyWidth, sizes, sharedHidden = 0, lowRankHidden = 0 } = config;
  const tables = peerTables(width, config);
  checkTableRoom(tables, config.splitTables ? config.heads : 1);
  const own = { ...publishedStarts.memoryLayers(keyWidth, sizes.length, width), ...starts };
  const place = (name: string) => subkey(key, name);
  const dense = (name: string, hidden: number) =>
    hidden === 0 ? {} : withPrefix(initMlp(place(name), { width, mlpWidth: hidden }), `${name}/`);
  return {
    ...initRetrieval(key, width, retrievalOf(config), own.keys),
    ...Object.fromEntries(
      Object.entries(tables).map(([name, shape]) => [
        name,
        startedTable(place(name), shape, own.tables),
      ]),
    ),
    ...dense('shared', sharedHidden),
    ...dense('low_rank', lowRankHidden),
  };
}
