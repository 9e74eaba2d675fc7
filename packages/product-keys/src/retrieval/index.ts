import { checkTensor } from '@neverend/backend';
import { checkedParam, checkParams, type Params, subtree, withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { detached } from '../detached.ts';
import { gates } from '../gates.ts';
import { productKeySearch } from '../product-key-search/index.ts';
import { checkQueryCall, type QueryCall, queryNetwork } from '../query-network/index.ts';
import { checkRetrieval, itemsOf, type RetrievalConfig } from './config.ts';

/** What tokens retrieve. */
export interface Retrieved {
  /** Rows of the tables, int32 `[..., H, k]`, the best of each head first. */
  readonly indices: tf.Tensor;
  /** Their scores, `[..., H, k]`. */
  readonly scores: tf.Tensor;
  /** Their weights, `[..., H, k]`. */
  readonly gates: tf.Tensor;
  /** In training with a batch norm, what takes the place of `query/norm/mean` and `query/norm/variance`. */
  readonly updates: Record<string, tf.Tensor>;
}

/**
 * The rows of a table that tokens retrieve, and their weights: queries, the best product keys of each head, and what becomes of their scores (PEER, arXiv 2407.04153,
 * algorithm 1, without the experts). What memory layers and mixtures of experts share.
 *
 * @param x `[..., D]`, float32.
 * @param params `query/...` as `queryNetwork` takes them, and for each set `keys/0`, `keys/1`, ...: `[H, n, C]`; with `keyBias`, `key_bias/0` and so on: `[H, n]`. Those of `retrievalBuffers` have no gradient.
 * @returns the caller's to dispose. @throws TypeError | ShapeError | DTypeError | RangeError naming the argument or the option. @throws RangeError as `productKeySearch` does.
 */
export function retrieve(
  x: tf.Tensor,
  params: Params,
  config: RetrievalConfig,
  call: QueryCall = {},
): Retrieved {
  checkTensor('x', x, ['...', 'D']);
  checkRetrieval('retrieve', config);
  checkQueryCall('retrieve', call);
  checkParams(params);
  const { heads, sizes, keyWidth, k, scores: by, temperature, splitTables = false } = config;
  const bias = config.keyBias
    ? sizes.map((n, set) => checkedParam(params, `key_bias/${set}`, [heads, n]))
    : undefined;
  const keys = sizes.map((n, set) => checkedParam(params, `keys/${set}`, [heads, n, keyWidth]));
  return tf.tidy(() => {
    const { norm, momentum, epsilon } = config;
    const query = { heads, sets: sizes.length, keyWidth, norm, momentum, epsilon };
    const { bias: queryBias = true } = config;
    const own = subtree(params, 'query/');
    // One that is missing is named.
    if (queryBias) checkedParam(own, 'bias', [heads, sizes.length, keyWidth]);
    const { bias: _, ...unbiased } = own;
    const { queries, updates } = queryNetwork(x, queryBias ? own : unbiased, query, call);
    const { scores, indices } = productKeySearch(queries, keys, k, { bias: bias?.map(detached) });
    const items = itemsOf(config);
    const begins = () => tf.reshape(tf.range(0, heads * items, items, 'int32'), [heads, 1]);
    return {
      scores,
      indices: splitTables ? tf.add(indices, begins()) : indices,
      gates: gates(scores, by, temperature),
      updates: withPrefix(updates, 'query/'),
    };
  });
}
