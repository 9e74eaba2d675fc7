import type { Tensor } from '@tensorflow/tfjs-core';

/** Inputs of the kernels; where there is no mask, `mask` is one 0. */
export type AttentionInputs = {
  /** Queries, `[rows, M, H, d]`. */
  readonly q: Tensor;
  /** Keys, `[rows, N, H, d]`. */
  readonly k: Tensor;
  /** Values, `[rows, N, H, e]`. */
  readonly v: Tensor;
  /** What is added to the scores: `[rows or 1, H or 1, M or 1, N or 1]`. */
  readonly mask: Tensor;
};

export type AttentionGradInputs = AttentionInputs & {
  /** The gradient of the output, `[rows, M, H, e]`. */
  readonly dy: Tensor;
};

export type AttentionAttrs = {
  readonly scale: number;
  readonly masked: boolean;
  readonly causal: boolean;
  readonly causalOffset: number;
  readonly dropoutRate: number;
  /** The halves of the dropout's `RandomKey`. */
  readonly keyLow: number;
  readonly keyHigh: number;
};

export interface AttentionSizes {
  readonly rows: number;
  /** M, the number of queries of a row. */
  readonly queries: number;
  /** N, the number of keys of a row. */
  readonly keys: number;
  /** H, the number of heads. */
  readonly heads: number;
  /** d, the width of a query and of a key. */
  readonly depth: number;
  /** e, the width of a value. */
  readonly valueDepth: number;
}

/** Reads the sizes off the shapes of the inputs. */
export function attentionSizes(inputs: {
  readonly q: { readonly shape: readonly number[] };
  readonly v: { readonly shape: readonly number[] };
}): AttentionSizes {
  const [rows = 1, queries = 1, heads = 1, depth = 1] = inputs.q.shape;
  const [, keys = 1, , valueDepth = 1] = inputs.v.shape;
  return { rows, queries, keys, heads, depth, valueDepth };
}
