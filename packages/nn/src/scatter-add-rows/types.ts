import type { Tensor } from '@tensorflow/tfjs-core';

export type ScatterAddRowsInputs = {
  /** `[N, D]`. */
  readonly table: Tensor;
  /** `[K]`, int32. */
  readonly indices: Tensor;
  /** `[K, D]`. */
  readonly rows: Tensor;
};

export type ScatterAddRowsAttrs = Record<string, never>;
