import { checkList, checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { bestSums, checkedTopK, checkTopK, type TopK } from '../top-k.ts';

/**
 * The k largest of the n1 n2 ... sums of one score of each set, without making them all (product keys: Lample et al., 2019, section 3.1; PEER, arXiv
 * 2407.04153, section 2.1). Larger sums come first, and equal ones by the lower index. Gradients reach the scores.
 *
 * It is exact: the k best sums are among those of each set's k best scores. Sums are float32, added from the first set on. Where two different ones round to
 * the same number, the one with the lower index may be missing.
 *
 * A score of -Infinity masks its item. NaN and Infinity are errors on `cpu` and `wasm`, and so are fewer than k sums that are not -Infinity;
 * elsewhere only in TensorFlow.js' debug mode, since looking waits for the device: Infinity then is what NaN comes out as. WebGPU in Node prints a line instead.
 *
 * @param scores one tensor a set, float32 `[..., n]`: any number of sets, of any sizes.
 * @param k from 1 to the product of the sizes.
 * @returns the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a k beyond the product, a product beyond int32, and the scores above.
 */
export function productKeyTopK(scores: readonly tf.Tensor[], k: number): TopK {
  checkList('scores', scores, 'tensors, one for each set');
  const [first, ...others] = scores as readonly [tf.Tensor, ...tf.Tensor[]];
  checkTensor('scores[0]', first, ['...', 'n']);
  const outer = first.shape.slice(0, -1);
  for (const [at, set] of others.entries()) checkTensor(`scores[${at + 1}]`, set, [...outer, 'n']);
  const sizes = scores.map(({ shape }) => shape.at(-1) ?? 1);
  checkTopK(sizes, k);
  const rows = outer.reduce((product, size) => product * size, 1);
  return checkedTopK('scores', k, outer, () =>
    bestSums(
      scores.map((set) => ({
        scores: tf.reshape(set, [rows, set.shape.at(-1) ?? 1]),
        size: set.shape.at(-1) ?? 1,
      })),
      k,
    ),
  );
}
