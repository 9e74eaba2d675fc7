import type { Tensor } from '@tensorflow/tfjs-core';

export type RmsNormInputs = {
  /** What is normalised, `[..., D]`. */
  readonly x: Tensor;
  /** Factors of the columns, less the offset, `[D]`. */
  readonly scale: Tensor;
};

export type RmsNormAttrs = { readonly eps: number; readonly offset: number };

export type RmsNormGradInputs = {
  /** The gradient of the output, in the shape of `x`. */
  readonly dy: Tensor;
  /** What was normalised, `[..., D]`. */
  readonly x: Tensor;
  /** Factors of the columns, less the offset, `[D]`. */
  readonly scale: Tensor;
  /** The reciprocal root mean square of each row, `[M]`. */
  readonly rstd: Tensor;
};

export type RmsNormGradAttrs = { readonly offset: number };
