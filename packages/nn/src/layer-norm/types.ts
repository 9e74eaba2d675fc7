import type { Tensor } from '@tensorflow/tfjs-core';

export type LayerNormInputs = {
  /** What is normalised, `[..., D]`. */
  readonly x: Tensor;
  /** Factors of the columns, `[D]`. */
  readonly scale: Tensor;
  /** What is added to the columns, `[D]`. */
  readonly bias: Tensor;
};

export type LayerNormAttrs = { readonly eps: number };

export type LayerNormGradInputs = {
  /** The gradient of the output, in the shape of `x`. */
  readonly dy: Tensor;
  /** What was normalised, `[..., D]`. */
  readonly x: Tensor;
  /** Factors of the columns, `[D]`. */
  readonly scale: Tensor;
  /** The mean of each row, `[M]`. */
  readonly mean: Tensor;
  /** The reciprocal deviation of each row, `[M]`. */
  readonly rstd: Tensor;
};

export type LayerNormGradAttrs = Record<string, never>;
