import type { Tensor } from '@tensorflow/tfjs-core';

export type LayerNormInputs = {
  /** `[..., D]`. */
  readonly x: Tensor;
  /** `[D]`. */
  readonly scale: Tensor;
  /** `[D]`. */
  readonly bias: Tensor;
};

export type LayerNormAttrs = { readonly eps: number };

export type LayerNormGradInputs = {
  /** The shape of `x`. */
  readonly dy: Tensor;
  /** `[..., D]`. */
  readonly x: Tensor;
  /** `[D]`. */
  readonly scale: Tensor;
  /** The mean of each row, `[M]`. */
  readonly mean: Tensor;
  /** The reciprocal deviation of each row, `[M]`. */
  readonly rstd: Tensor;
};

export type LayerNormGradAttrs = Record<string, never>;
