import type { Tensor } from '@tensorflow/tfjs-core';

/** Inputs of the kernels; where there is no mask, `mask` is one 0. */
export type AttentionInputs = {
  /** Queries, `[..., M, H, d]`; what comes first are rows. */
  readonly q: Tensor;
  /** Keys, `[..., N, H, d]`. */
  readonly k: Tensor;
  /** Values, `[..., N, H, e]`. */
  readonly v: Tensor;
  /** What is added to the scores: `[rows or 1, H or 1, M or 1, N or 1]`. */
  readonly mask: Tensor;
};

export type AttentionGradInputs = AttentionInputs & {
  /** The gradient of the output, `[..., M, H, e]`. */
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
  const [queries = 1, heads = 1, depth = 1] = inputs.q.shape.slice(-3);
  const [keys = 1, , valueDepth = 1] = inputs.v.shape.slice(-3);
  const rows = inputs.q.shape.slice(0, -3).reduce((all, size) => all * size, 1);
  return { rows, queries, keys, heads, depth, valueDepth };
}

/** The shape of the output, `[..., M, H, e]`. */
export const attentionShape = ({ q, v }: Pick<AttentionInputs, 'q' | 'v'>): number[] => [
  ...q.shape.slice(0, -1),
  v.shape.at(-1) ?? 1,
];
