import type { Tensor } from '@tensorflow/tfjs-core';

export type RmsNormInputs = {
  /** `[..., D]`. */
  readonly x: Tensor;
  /** `[D]`. */
  readonly scale: Tensor;
};

export type RmsNormAttrs = { readonly eps: number; readonly offset: number };

export type RmsNormGradInputs = {
  /** The shape of `x`. */
  readonly dy: Tensor;
  /** `[..., D]`. */
  readonly x: Tensor;
  /** `[D]`. */
  readonly scale: Tensor;
  /** The reciprocal root mean square of each row, `[M]`. */
  readonly rstd: Tensor;
};

export type RmsNormGradAttrs = { readonly offset: number };
