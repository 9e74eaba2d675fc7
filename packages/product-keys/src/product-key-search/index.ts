import { checkList, checkOptions, checkTensor, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { bestSums, checkedTopK, checkTopK, type TopK } from '../top-k.ts';
import { topProducts } from '../top-products/index.ts';

/** What a search is told beside. */
export interface SearchOptions {
  /** What is added to the products of each key, `[H, n]` of each set: -Infinity masks a key. Default: nothing. */
  readonly bias?: readonly tf.Tensor[] | undefined;
}

/**
 * The k best product keys of each query: a key is one of n1 parts, one of n2, and so on, and its score the sum of their products with the query's parts (Lample et
 * al., 2019, section 3.1; PEER, arXiv 2407.04153, section 2.1). It is `productKeyTopK` of these products, of which those of few queries are in memory at a
 * time. Each head has its own keys.
 *
 * It is exact for the products as they come out in float32: products are the same for any number of threads, and may differ in their last bits between backends.
 * Gradients reach queries and keys by the chosen products alone, and so they do to a bias.
 *
 * @param queries `[..., H, S, C]`, float32: of each head one part for each of S sets. @param keys `[H, n, C]` of each of the S sets, float32; n may differ.
 * @param k from 1 to the product of the n.
 * @returns scores and indices `[..., H, k]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError as `productKeyTopK` does.
 */
export function productKeySearch(
  queries: tf.Tensor,
  keys: readonly tf.Tensor[],
  k: number,
  options: SearchOptions = {},
): TopK {
  checkOptions('productKeySearch', options, ['bias']);
  checkList('keys', keys, 'tensors, one for each set');
  checkTensor('queries', queries, ['...', 'H', keys.length, 'C']);
  const [heads = 1, , width = 1] = queries.shape.slice(-3);
  for (const [at, set] of keys.entries()) checkTensor(`keys[${at}]`, set, [heads, 'n', width]);
  const sizes = keys.map(({ shape }) => shape[1] ?? 1);
  const { bias } = options;
  if (Array.isArray(bias) && bias.length !== keys.length) {
    throw new ShapeError(`bias had ${bias.length} tensors; it must have ${keys.length}, one a set`);
  }
  if (bias !== undefined) checkList('bias', bias, 'tensors, one for each set');
  for (const [at, set] of bias?.entries() ?? [])
    checkTensor(`bias[${at}]`, set, [heads, sizes[at] ?? 1]);
  checkTopK(sizes, k);
  const outer = queries.shape.slice(0, -2);
  return checkedTopK('products of queries and keys', k, outer, () => {
    const all = tf.reshape(queries, [-1, heads, keys.length * width]);
    // The gradient of a split into one is wrong.
    const parts = keys.length === 1 ? [all] : tf.split(all, keys.length, 2);
    const sets = keys.map((set, at) => {
      const size = sizes[at] ?? 1;
      const most = Math.min(k, size);
      const [values, items] = topProducts(parts[at] as tf.Tensor, set, bias?.[at], most).map(
        (best) => tf.reshape(best, [-1, most]),
      ) as [tf.Tensor, tf.Tensor];
      return { scores: values, items, size };
    });
    return bestSums(sets, k);
  });
}
