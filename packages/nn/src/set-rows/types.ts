import type { Tensor } from '@tensorflow/tfjs-core';

export type SetRowsInputs = {
  /** The table, `[N, ...]`. */
  readonly table: Tensor;
  /** Numbers of rows of the table, `[K]`, int32. */
  readonly indices: Tensor;
  /** What these rows become, `[K, ...]`. */
  readonly rows: Tensor;
};

export type SetRowsAttrs = Record<string, never>;
