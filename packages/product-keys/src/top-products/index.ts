import { defineKernel, type Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { weightedRows } from '../picked-rows/index.ts';
import { tableGrad } from '../table-grad/index.ts';
import { topProductsCases } from './cases.ts';
import { topProductsComposite } from './composite.ts';
import { topProductsTensorflow } from './kernels/tensorflow.ts';
import { topProductsWasm } from './kernels/wasm.ts';
import { type TopProductsAttrs, type TopProductsInputs, topProductsSizes } from './types.ts';

/**
 * The k largest products of each query and its head's keys, plus what is added to those of a key: larger ones first, equal ones by the lower key. Where a backend has a kernel, the products of few queries
 * are in memory at a time. Gradients reach queries and keys by the chosen products alone.
 *
 * @returns values `[T, H, k]`, and the keys' numbers, int32 `[T, H, k]`.
 */
export function topProducts(
  queries: tf.Tensor,
  keys: tf.Tensor,
  bias: tf.Tensor | undefined,
  k: number,
): [values: tf.Tensor, items: tf.Tensor] {
  const inputs = { queries, keys, bias: bias ?? tf.zeros([1, 1]) };
  const attrs = { k, biased: bias !== undefined };
  return topProductsKernel.run(inputs, attrs) as [tf.Tensor, tf.Tensor];
}

const topProductsKernel: Kernel<TopProductsInputs, TopProductsAttrs> = defineKernel<
  TopProductsInputs,
  TopProductsAttrs
>({
  name: 'NeverendTopProducts',
  composite: ({ inputs, attrs }) => topProductsComposite(inputs, attrs),
  gradient: {
    saveInputs: ['queries', 'keys', 'bias'],
    saveOutputs: [false, true],
    backward: ([dvalues], saved, { k, biased }) => {
      const [queries, keys, bias, items] = saved as [
        ...[tf.Tensor, tf.Tensor, tf.Tensor],
        tf.Tensor,
      ];
      const { tokens, heads, count, width } = topProductsSizes({ queries, keys });
      const rows = [tokens * heads, k] as const;
      const factors = tf.reshape(dvalues as tf.Tensor, [...rows]);
      /** Numbers among the keys of all heads. */
      const indices = () => {
        const begins = tf.range(0, heads * count, count, 'int32');
        return tf.reshape(tf.add(items, tf.reshape(begins, [1, heads, 1])), [...rows]);
      };
      const table = tf.reshape(keys, [heads * count, width]);
      const sources = tf.reshape(queries, [tokens * heads, width]);
      return {
        queries: () => tf.reshape(weightedRows(table, indices(), factors), queries.shape),
        keys: () =>
          tf.reshape(
            tableGrad({ indices: indices(), factors, sources }, heads * count),
            keys.shape,
          ),
        bias: () => {
          if (!biased) return tf.zeros(bias.shape);
          const ones = tf.ones([tokens * heads, 1]);
          const sums = tableGrad({ indices: indices(), factors, sources: ones }, heads * count);
          return tf.reshape(sums, bias.shape);
        },
      };
    },
  },
  backendKernels: { wasm: topProductsWasm, tensorflow: topProductsTensorflow },
  code: import.meta.neverendCode,
  cases: topProductsCases,
  flops: ({ inputs: { queries, keys } }) => 2 * queries.size * (keys.shape[1] ?? 1),
});
