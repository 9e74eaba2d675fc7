import type { Tensor } from '@tensorflow/tfjs-core';

export type GatherRowsInputs = {
  /** The table, `[N, D]`. */
  readonly table: Tensor;
  /** Numbers of rows, int32 of any shape. */
  readonly indices: Tensor;
};

export type GatherRowsAttrs = Record<string, never>;
