import type { Tensor } from '@tensorflow/tfjs-core';

/** Rows and width of a tensor whose last axis is the width. */
export function rowsOf({ size, shape }: Tensor): { readonly rows: number; readonly width: number } {
  const width = shape.at(-1) ?? 1;
  return { rows: size / width, width };
}
