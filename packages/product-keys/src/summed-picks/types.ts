import type { Tensor } from '@tensorflow/tfjs-core';

export type SummedPicksInputs = {
  /** What each pick multiplies its source by, `[T, K]`. */
  readonly factors: Tensor;
  /** The sources of T times K picks, `[T, D]`. */
  readonly sources: Tensor;
  /** The numbers of all picks, those of one row after another, int32 `[T K]`. */
  readonly picks: Tensor;
  /** Where the picks of each row begin, and where the last end: int32 `[U + 1]`. */
  readonly starts: Tensor;
};

export type SummedPicksAttrs = Record<string, never>;

export interface SummedPicksSizes {
  /** K, the number of picks of a source. */
  readonly perSource: number;
  /** U, the number of rows. */
  readonly rows: number;
  /** D, the width of a source and of a row. */
  readonly width: number;
}

/** Reads the sizes off the shapes of the inputs. */
export function summedPicksSizes({
  factors,
  sources,
  starts,
}: Omit<SummedPicksInputs, 'picks'>): SummedPicksSizes {
  return {
    perSource: factors.shape[1] ?? 1,
    rows: starts.size - 1,
    width: sources.shape[1] ?? 1,
  };
}
