import * as tf from '@tensorflow/tfjs-core';
import { topPairs } from '../top-pairs/index.ts';
import { type TopProductsAttrs, type TopProductsInputs, topProductsSizes } from './types.ts';

/** With all products in memory. @returns values `[T, H, k]` and items, int32 `[T, H, k]`. */
export function topProductsComposite(
  inputs: TopProductsInputs,
  { k, biased }: TopProductsAttrs,
): tf.Tensor[] {
  return tf.tidy(() => {
    const { tokens, heads, count } = topProductsSizes(inputs);
    const ofHeads = tf.transpose(inputs.queries, [1, 0, 2]);
    const products = tf.transpose(tf.matMul(ofHeads, inputs.keys, false, true), [1, 0, 2]);
    const scores = biased ? tf.add(products, inputs.bias) : products;
    const rows = tf.reshape(scores, [tokens * heads, count]);
    const best = topPairs({ scores: rows }, { scores: tf.zeros([tokens * heads, 1]), size: 1 }, k);
    return best.map((one) => tf.reshape(one, [tokens, heads, k]));
  });
}
