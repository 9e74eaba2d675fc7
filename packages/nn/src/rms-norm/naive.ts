/** The inputs of `rmsNorm` for its reference, plain loops in float64. */
export interface RmsNormInputs {
  /** M vectors, `[M, D]`. */
  readonly x: Float64Array;
  /** Factors of the columns, less the offset, `[D]`. */
  readonly scale: Float64Array;
}

export interface RmsNormOptions {
  readonly eps: number;
  readonly offset: number;
}

const meanSquare = (row: Float64Array) => row.reduce((sum, v) => sum + v * v, 0) / row.length;

/** @returns `[M, D]`. */
export function rmsNormNaive(
  { x, scale }: RmsNormInputs,
  { eps, offset }: RmsNormOptions,
): Float64Array {
  const width = scale.length;
  return x.map((v, at) => {
    const start = at - (at % width);
    const root = Math.sqrt(meanSquare(x.subarray(start, start + width)) + eps);
    return (v / root) * (offset + (scale[at % width] ?? 0));
  });
}

/** @param dy `[M, D]`. @returns the gradients of sum(dy · y). */
export function rmsNormBackwardNaive(
  { x, scale }: RmsNormInputs,
  { eps, offset }: RmsNormOptions,
  dy: Float64Array,
): RmsNormInputs {
  const width = scale.length;
  const dx = new Float64Array(x.length);
  const dScale = new Float64Array(width);
  for (let start = 0; start < x.length; start += width) {
    const root = Math.sqrt(meanSquare(x.subarray(start, start + width)) + eps);
    for (let i = 0; i < width; i++) {
      const slope = (dy[start + i] ?? 0) * (offset + (scale[i] ?? 0));
      dScale[i] = (dScale[i] ?? 0) + ((dy[start + i] ?? 0) * (x[start + i] ?? 0)) / root;
      // d(x_i / root) / dx_j = δ_ij / root - x_i x_j / (D root³)
      for (let j = 0; j < width; j++) {
        const product = (x[start + i] ?? 0) * (x[start + j] ?? 0);
        const slopeOfNormed = (i === j ? 1 / root : 0) - product / (width * root ** 3);
        dx[start + j] = (dx[start + j] ?? 0) + slope * slopeOfNormed;
      }
    }
  }
  return { x: dx, scale: dScale };
}
