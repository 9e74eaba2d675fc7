import type { Tensor } from '@tensorflow/tfjs-core';

type Picked = {
  /** The table, `[N, D]`. */
  readonly table: Tensor;
  /** Numbers of rows, int32 `[T, K]`. */
  readonly indices: Tensor;
  /** All picks in the order in which they are gone through, int32 `[T K]`; `[1]` where that is token by token. */
  readonly sequence: Tensor;
  /** A scalar by which the table's gradient is collected; its value counts for nothing. */
  readonly anchor: Tensor;
};

export type WeightedRowsInputs = Picked & {
  /** The weights of the rows, `[T, K]`. */
  readonly weights: Tensor;
};

export type RowProductsInputs = Picked & {
  /** What rows are multiplied by, `[T, D]`. */
  readonly x: Tensor;
};

export type PickedRowsAttrs = {
  /** Whether `sequence` has an order. */
  readonly sequenced: boolean;
};

export interface PickedRowsSizes {
  /** T, the number of sums, or of vectors that rows are multiplied by. */
  readonly count: number;
  /** K, the number of rows for each. */
  readonly picks: number;
  /** D, the width of a row. */
  readonly width: number;
  /** N, the number of rows of the table. */
  readonly rows: number;
}

/** Reads the sizes off the shapes of the inputs. */
export function pickedRowsSizes({
  table,
  indices,
}: Pick<Picked, 'table' | 'indices'>): PickedRowsSizes {
  const [rows = 1, width = 1] = table.shape;
  const [count = 0, picks = 1] = indices.shape;
  return { count, picks, width, rows };
}
