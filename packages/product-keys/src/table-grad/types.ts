import type { Tensor } from '@tensorflow/tfjs-core';

export type TableGradInputs = {
  /** Numbers of rows, int32 `[T, K]`. */
  readonly indices: Tensor;
  /** What each pick multiplies its source by, `[T, K]`. */
  readonly factors: Tensor;
  /** The sources of K picks each, `[T, D]`. */
  readonly sources: Tensor;
};

export type TableGradAttrs = {
  /** N, the number of rows of the table. */
  readonly rows: number;
};
