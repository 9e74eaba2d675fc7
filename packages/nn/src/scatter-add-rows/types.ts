import type { Tensor } from '@tensorflow/tfjs-core';

export type ScatterAddRowsInputs = {
  /** The table, `[N, D]`. */
  readonly table: Tensor;
  /** Numbers of rows of the table, `[K]`, int32. */
  readonly indices: Tensor;
  /** What is added to these rows, `[K, D]`. */
  readonly rows: Tensor;
};

export type ScatterAddRowsAttrs = Record<string, never>;
