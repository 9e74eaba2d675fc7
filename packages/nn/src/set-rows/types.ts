import type { Tensor } from '@tensorflow/tfjs-core';

export type SetRowsInputs = {
  /** `[N, ...]`. */
  readonly table: Tensor;
  /** `[K]`, int32. */
  readonly indices: Tensor;
  /** `[K, ...]`. */
  readonly rows: Tensor;
};

export type SetRowsAttrs = Record<string, never>;
