import { checkedSize, checkTensor, defineKernel, type Kernel, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkScores } from '../check-scores.ts';
import { topPairsCases } from './cases.ts';
import { topPairsComposite } from './composite.ts';
import { topPairsGrad } from './gradient.ts';
import { topPairsTensorflow } from './kernels/tensorflow.ts';
import { topPairsWasm } from './kernels/wasm.ts';
import { topPairsWebgpu } from './kernels/webgpu.ts';
import type { TopPairsAttrs, TopPairsInputs } from './types.ts';

/** The best of a product of sets. */
export interface TopK {
  /** Sums of one score of each set, the largest first: float32 `[..., k]`. */
  readonly scores: tf.Tensor;
  /** What they are the scores of: int32 `[..., k]`, row-major in the sets' sizes, the first set slowest. */
  readonly indices: tf.Tensor;
}

/** Numbers that int32 holds. */
const mostItems = 2 ** 31 - 1;

/**
 * The k largest of the n1 n2 ... sums of one score of each set, without making them all (product keys: Lample et al., 2019, section 3.1; PEER, arXiv
 * 2407.04153, section 2.1). Larger sums come first, and equal ones by the lower index. Gradients reach the scores.
 *
 * It is exact: the k best sums are among those of each set's k best scores. Sums are float32, added from the first set on. Where two different ones round to
 * the same number, the one with the lower index may be missing.
 *
 * A score of -Infinity masks its item. NaN and Infinity are errors on `cpu` and `wasm`, and so are fewer than k sums that are not -Infinity;
 * elsewhere only in TensorFlow.js' debug mode, since looking waits for the device: Infinity then is what NaN comes out as.
 *
 * @param scores one tensor a set, float32 `[..., n]`: any number of sets, of any sizes.
 * @param k from 1 to the product of the sizes.
 * @returns the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a k beyond the product, a product beyond int32, and the scores above.
 */
export function productKeyTopK(scores: readonly tf.Tensor[], k: number): TopK {
  const [first, ...others] = scores;
  if (first === undefined)
    throw new ShapeError('scores was empty; it must have a tensor for each set');
  checkTensor('scores[0]', first, ['...', 'n']);
  const outer = first.shape.slice(0, -1);
  for (const [at, set] of others.entries()) checkTensor(`scores[${at + 1}]`, set, [...outer, 'n']);
  checkedSize('k', k);
  const sizes = scores.map(({ shape }) => shape.at(-1) ?? 1);
  const items = sizes.reduce((product, n) => product * n, 1);
  const of = `the ${items} items of ${sizes.join(' x ')}`;
  if (items > mostItems)
    throw new RangeError(`there were ${items} items; there must be below 2^31`);
  if (k > items) throw new RangeError(`k was ${k}; it must be at most ${of}`);
  const rows = outer.reduce((product, size) => product * size, 1);
  const result = tf.tidy(() => {
    const sets = scores.map((set) => tf.reshape(set, [rows, set.shape.at(-1) ?? 1]));
    const [one, two = tf.zeros([rows, 1]), ...rest] = sets as [tf.Tensor, ...tf.Tensor[]];
    let most = one.shape[1] ?? 1;
    const next = (best: readonly [tf.Tensor, tf.Tensor?], set: tf.Tensor) => {
      most *= set.shape[1] ?? 1;
      return topPairs(best[0], set, Math.min(k, most), best[1]);
    };
    const [sums, indices] = rest.reduce(next, next([one], two));
    return {
      scores: tf.reshape(sums, [...outer, k]),
      indices: tf.reshape(indices, [...outer, k]),
    };
  });
  try {
    checkScores(result.scores, k);
  } catch (error) {
    tf.dispose([result.scores, result.indices]);
    throw error;
  }
  return result;
}

/**
 * The k largest sums of one score of each of two sets, of all n m, out of the k largest scores of each. Larger sums come first, and equal ones by the
 * lower number of their pair, i m + j for items i and j; the sets' scores are cut off by the same rule. NaN counts as infinity.
 *
 * @returns sums, float32 `[rows, k]`, and pairs, int32 `[rows, k]`.
 */
function topPairs(
  a: tf.Tensor,
  b: tf.Tensor,
  k: number,
  items?: tf.Tensor,
): [sums: tf.Tensor, pairs: tf.Tensor] {
  return tf.tidy(() => {
    const inputs = { a, b, items: items ?? tf.zeros([1, 1], 'int32') };
    return topPairsKernel.run(inputs, { k, numbered: items !== undefined }) as [
      tf.Tensor,
      tf.Tensor,
    ];
  });
}

const topPairsKernel: Kernel<TopPairsInputs, TopPairsAttrs> = defineKernel<
  TopPairsInputs,
  TopPairsAttrs
>({
  name: 'NeverendTopPairs',
  composite: ({ inputs, attrs }) => topPairsComposite(inputs, attrs),
  gradient: {
    saveInputs: ['a', 'b', 'items'],
    saveOutputs: [false, true],
    backward: ([dsums], saved, { numbered }) => {
      const [a, b, items, pairs] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const [n = 1, m = 1] = [a.shape[1], b.shape[1]];
      const inputs = { dsums: dsums as tf.Tensor, pairs, items };
      const [da, db] = topPairsGrad.run(inputs, { n, m, numbered }) as [tf.Tensor, tf.Tensor];
      return { a: () => da, b: () => db, items: () => tf.zeros(items.shape) };
    },
  },
  backendKernels: { wasm: topPairsWasm, webgpu: topPairsWebgpu, tensorflow: topPairsTensorflow },
  code: import.meta.neverendCode,
  cases: topPairsCases,
  // Comparisons are not counted.
  flops: ({ inputs: { a }, attrs: { k } }) => (a.shape[0] ?? 0) * k * Math.ceil(Math.log2(k + 1)),
});
