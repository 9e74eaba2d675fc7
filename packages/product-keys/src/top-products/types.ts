import type { Tensor } from '@tensorflow/tfjs-core';

export type TopProductsInputs = {
  /** Queries, `[T, H, C]`. */
  readonly queries: Tensor;
  /** The keys of each head, `[H, n, C]`. */
  readonly keys: Tensor;
  /** What is added to the products of each key, `[H, n]`; `[1, 1]` where it is nothing. */
  readonly bias: Tensor;
};

export type TopProductsAttrs = {
  /** How many keys, at most n. */
  readonly k: number;
  readonly biased: boolean;
};

export interface TopProductsSizes {
  /** T, the number of tokens. */
  readonly tokens: number;
  /** H, the number of heads. */
  readonly heads: number;
  /** n, the number of a head's keys. */
  readonly count: number;
  /** C, the width of a key. */
  readonly width: number;
}

/** Reads the sizes off the shapes of the inputs. */
export function topProductsSizes({
  queries,
  keys,
}: Pick<TopProductsInputs, 'queries' | 'keys'>): TopProductsSizes {
  const [tokens = 0, heads = 1, width = 1] = queries.shape;
  return { tokens, heads, width, count: keys.shape[1] ?? 1 };
}
