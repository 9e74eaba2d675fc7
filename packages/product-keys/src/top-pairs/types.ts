import type { Tensor } from '@tensorflow/tfjs-core';

export type TopPairsInputs = {
  /** Scores of the items of the first set, `[rows, n]`. */
  readonly a: Tensor;
  /** Scores of the items of the second set, `[rows, m]`. */
  readonly b: Tensor;
  /** The numbers of the first set's items, int32 `[rows, n]`; `[1, 1]` where they are 0 to n - 1. */
  readonly items: Tensor;
  /** Those of the second set's, int32 `[rows, m]`; `[1, 1]` where they are 0 to m - 1. */
  readonly others: Tensor;
};

/** Of how many sets, from the first on, the items have numbers of their own. */
export type Numbered = 0 | 1 | 2;

export type TopPairsAttrs = {
  /** How many pairs, at most n m. */
  readonly k: number;
  /** How many numbers the second set's items can have: the pair of items i and j is i size + j. */
  readonly size: number;
  readonly numbered: Numbered;
};

export type TopPairsGradInputs = {
  /** The gradient by the sums, `[rows, k]`. */
  readonly dsums: Tensor;
  /** The pairs' numbers, int32 `[rows, k]`. */
  readonly pairs: Tensor;
  /** As in the inputs of the pairs, and so are the others. */
  readonly items: Tensor;
  readonly others: Tensor;
};

export type TopPairsGradAttrs = {
  readonly n: number;
  readonly m: number;
  readonly size: number;
  readonly numbered: Numbered;
};

/**
 * The ranks from 0 on, of both sets, that pairs among the k best can have: of the pairs with no smaller rank in either set there are (p + 1)(q + 1),
 * and all of them are at least as good.
 */
export function staircase(
  k: number,
  n: number,
  m: number,
): { readonly first: Int32Array; readonly second: Int32Array } {
  const pairs: [number, number][] = [];
  for (let p = 0; p < Math.min(k, n); p++) {
    for (let q = 0; q < m && (p + 1) * (q + 1) <= k; q++) pairs.push([p, q]);
  }
  return {
    first: Int32Array.from(pairs, ([p]) => p),
    second: Int32Array.from(pairs, ([, q]) => q),
  };
}
