import { defineKernel, type Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { topPairsCases } from './cases.ts';
import { topPairsComposite } from './composite.ts';
import { topPairsGrad } from './gradient.ts';
import { topPairsTensorflow } from './kernels/tensorflow.ts';
import { topPairsWasm } from './kernels/wasm.ts';
import { topPairsWebgpu } from './kernels/webgpu.ts';
import type { Numbered, TopPairsAttrs, TopPairsInputs } from './types.ts';

/** A set of items that have scores. */
export interface ScoredSet {
  /** `[rows, n]`. */
  readonly scores: tf.Tensor;
  /** The items' numbers, int32 `[rows, n]`, all different in a row. Default: 0 to n - 1. */
  readonly items?: tf.Tensor | undefined;
}

/**
 * The k largest sums of one score of each of two sets, of all n m, out of the k largest scores of each. Larger sums come first, and equal ones by the
 * lower number of their pair, i size + j for items i and j; the sets' scores are cut off by the same rule. NaN counts as infinity.
 *
 * @param second whose items are numbered below `size`; it has items of its own only where the first set has, too.
 * @returns sums, float32 `[rows, k]`, and pairs, int32 `[rows, k]`.
 */
export function topPairs(
  first: ScoredSet,
  second: ScoredSet & { readonly size: number },
  k: number,
): [sums: tf.Tensor, pairs: tf.Tensor] {
  return tf.tidy(() => {
    const given = [first.items, second.items].filter((items) => items !== undefined);
    const inputs = {
      a: first.scores,
      b: second.scores,
      items: first.items ?? tf.zeros([1, 1], 'int32'),
      others: second.items ?? tf.zeros([1, 1], 'int32'),
    };
    const attrs = { k, size: second.size, numbered: given.length as Numbered };
    return topPairsKernel.run(inputs, attrs) as [tf.Tensor, tf.Tensor];
  });
}

const topPairsKernel: Kernel<TopPairsInputs, TopPairsAttrs> = defineKernel<
  TopPairsInputs,
  TopPairsAttrs
>({
  name: 'NeverendTopPairs',
  composite: ({ inputs, attrs }) => topPairsComposite(inputs, attrs),
  gradient: {
    saveInputs: ['a', 'b', 'items', 'others'],
    saveOutputs: [false, true],
    backward: ([dsums], saved, { size, numbered }) => {
      const [a, b, items, others, pairs] = saved as [
        ...[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor],
        tf.Tensor,
      ];
      const [n = 1, m = 1] = [a.shape[1], b.shape[1]];
      const inputs = { dsums: dsums as tf.Tensor, pairs, items, others };
      const [da, db] = topPairsGrad.run(inputs, { n, m, size, numbered }) as [tf.Tensor, tf.Tensor];
      return {
        a: () => da,
        b: () => db,
        items: () => tf.zeros(items.shape),
        others: () => tf.zeros(others.shape),
      };
    },
  },
  backendKernels: { wasm: topPairsWasm, webgpu: topPairsWebgpu, tensorflow: topPairsTensorflow },
  code: import.meta.neverendCode,
  cases: topPairsCases,
  // Comparisons are not counted.
  flops: ({ inputs: { a }, attrs: { k } }) => (a.shape[0] ?? 0) * k * Math.ceil(Math.log2(k + 1)),
});
