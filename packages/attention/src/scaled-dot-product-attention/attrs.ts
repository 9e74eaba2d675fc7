import type { KernelCase } from '@neverend/backend';
import { type RandomInput, randomCase } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Inputs of the kernels; where there is no mask, `mask` is one 0. */
export type AttentionInputs = {
  /** `[rows, M, H, d]`. */
  readonly q: Tensor;
  /** `[rows, N, H, d]`. */
  readonly k: Tensor;
  /** `[rows, N, H, e]`. */
  readonly v: Tensor;
  /** What is added to the scores: `[rows or 1, H or 1, M or 1, N or 1]`. */
  readonly mask: Tensor;
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
  /** M. */
  readonly queries: number;
  /** N. */
  readonly keys: number;
  readonly heads: number;
  /** d. */
  readonly depth: number;
  /** e. */
  readonly valueDepth: number;
}

export function attentionSizes(inputs: {
  readonly q: { readonly shape: readonly number[] };
  readonly v: { readonly shape: readonly number[] };
}): AttentionSizes {
  const [rows = 1, queries = 1, heads = 1, depth = 1] = inputs.q.shape;
  const [, keys = 1, , valueDepth = 1] = inputs.v.shape;
  return { rows, queries, keys, heads, depth, valueDepth };
}

/** A score that no key can be seen with: far below all others, and finite, so that no difference of two is NaN. */
export const unseen = -1e30;

const plainAttrs: AttentionAttrs = {
  scale: 1,
  masked: false,
  causal: false,
  causalOffset: 0,
  dropoutRate: 0,
  keyLow: 0,
  keyHigh: 0,
};

interface Example extends Partial<AttentionAttrs> {
  readonly q: readonly [number, number, number, number];
  readonly keys: number;
  readonly valueDepth: number;
  readonly mask?: readonly number[];
}

const examples: readonly Example[] = [
  { q: [1, 1, 1, 1], keys: 1, valueDepth: 1 },
  { q: [2, 5, 3, 6], keys: 7, valueDepth: 5, scale: 0.4 },
  { q: [1, 37, 2, 64], keys: 37, valueDepth: 64, scale: 1 / 8 },
  { q: [1, 9, 1, 4], keys: 70, valueDepth: 9, causal: true, causalOffset: 50 },
  // The first queries see nothing.
  { q: [2, 40, 2, 3], keys: 36, valueDepth: 8, causal: true, causalOffset: -5 },
  { q: [2, 6, 2, 8], keys: 11, valueDepth: 8, masked: true, mask: [2, 1, 1, 11] },
  { q: [1, 35, 3, 5], keys: 33, valueDepth: 5, masked: true, mask: [1, 3, 35, 33] },
  {
    ...{ q: [2, 7, 3, 4], keys: 5, valueDepth: 4, masked: true, mask: [1, 1, 7, 1], causal: true },
    ...{ dropoutRate: 0.3, keyLow: 7, keyHigh: 1 },
  },
  { q: [1, 34, 2, 4], keys: 9, valueDepth: 4, dropoutRate: 0.5, keyLow: 4_000_000_000, keyHigh: 3 },
  // More queries than a block of a compiled kernel has, and vectors of more numbers than a panel.
  {
    ...{ q: [1, 101, 2, 67], keys: 53, valueDepth: 70, causal: true, causalOffset: -20 },
    ...{ dropoutRate: 0.2, keyLow: 1, keyHigh: 2 },
  },
  { q: [65_537, 1, 1, 1], keys: 2, valueDepth: 1 },
];

/** Calls that a version must agree with the composite on. `more` names what the kernel has beside the inputs, by its shape. */
export function attentionCases(
  more: (sizes: AttentionSizes) => Readonly<Record<string, RandomInput>>,
): KernelCase<AttentionAttrs>[] {
  return examples.map(({ q, keys, valueDepth, mask, ...attrs }) => {
    const [rows, queries, heads, depth] = q;
    return randomCase(
      {
        ...more({ rows, queries, keys, heads, depth, valueDepth }),
        q: { shape: q },
        k: { shape: [rows, keys, heads, depth] },
        v: { shape: [rows, keys, heads, valueDepth] },
        mask: mask === undefined ? { shape: [1, 1, 1, 1], scale: 0 } : { shape: mask, scale: 2 },
      },
      { ...plainAttrs, ...attrs },
    );
  });
}
