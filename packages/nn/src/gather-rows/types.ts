import type { Tensor } from '@tensorflow/tfjs-core';

export type GatherRowsInputs = {
  /** `[N, D]`. */
  readonly table: Tensor;
  /** Any shape, int32. */
  readonly indices: Tensor;
};

export type GatherRowsAttrs = Record<string, never>;
