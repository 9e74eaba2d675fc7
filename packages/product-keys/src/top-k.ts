import { checkedSize, checkList, checkSizes } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkScores } from './check-scores.ts';
import { type ScoredSet, topPairs } from './top-pairs/index.ts';

/** The best of a product of sets. */
export interface TopK {
  /** Sums of one score of each set, the largest first: float32 `[..., k]`. */
  readonly scores: tf.Tensor;
  /** What they are the scores of: int32 `[..., k]`, row-major in the sets' sizes, the first set slowest. */
  readonly indices: tf.Tensor;
}

/** Numbers that int32 holds. */
const mostItems = 2 ** 31 - 1;

/** How many items there are of these sets, in all tables. @throws TypeError | ShapeError for sizes that are none. @throws RangeError where int32 does not hold their numbers. */
export function countItems(sizes: readonly number[], tables = 1): number {
  checkList('sizes', sizes, 'the number of keys of each set');
  for (const [set, n] of sizes.entries()) checkedSize(`sizes[${set}]`, n);
  checkSizes({ tables });
  const items = sizes.reduce((product, n) => product * n, tables);
  if (items > mostItems) {
    const of = tables === 1 ? '' : ` of ${tables} tables`;
    throw new RangeError(
      `sizes [${sizes.join(', ')}]${of} are ${items} items; there must be below 2^31`,
    );
  }
  return items;
}

/** @throws RangeError for a k beyond the product of the sets' sizes, and a product beyond int32. */
export function checkTopK(sizes: readonly number[], k: number): void {
  checkedSize('k', k);
  const items = countItems(sizes);
  if (k > items) {
    throw new RangeError(
      `k was ${k}; it must be at most the ${items} items of ${sizes.join(' x ')}`,
    );
  }
}

/** A set of so many items, of which the best may be enough. */
export type SizedSet = ScoredSet & { readonly size: number };

/** The k best sums of one score of each set: `[rows, k]` and their numbers. Call it in a `tf.tidy`. */
export function bestSums(sets: readonly SizedSet[], k: number): [tf.Tensor, tf.Tensor] {
  const [first, ...others] = sets as [SizedSet, ...SizedSet[]];
  const [rows = 0] = first.scores.shape;
  const one: SizedSet = { scores: tf.zeros([rows, 1]), size: 1 };
  const only = first.items ? { ...one, items: tf.zeros([rows, 1], 'int32') } : one;
  const [second = only, ...rest] = others;
  let most = first.size;
  const next = (best: ScoredSet, set: SizedSet): [tf.Tensor, tf.Tensor] => {
    most *= set.size;
    return topPairs(best, set, Math.min(k, most));
  };
  return rest.reduce(([scores, items], set) => next({ scores, items }, set), next(first, second));
}

/** @param name of the scores. @param outer the axes before the last. @param find gives sums and numbers, `[rows, k]`. @throws RangeError for scores that are none. */
export function checkedTopK(
  name: string,
  k: number,
  outer: readonly number[],
  find: () => [tf.Tensor, tf.Tensor],
): TopK {
  const result = tf.tidy(() => {
    const [scores, indices] = find();
    return {
      scores: tf.reshape(scores, [...outer, k]),
      indices: tf.reshape(indices, [...outer, k]),
    };
  });
  try {
    checkScores(result.scores, k, name);
  } catch (error) {
    tf.dispose([result.scores, result.indices]);
    throw error;
  }
  return result;
}
