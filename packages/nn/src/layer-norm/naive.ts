/** The inputs of `layerNorm` for its reference, plain loops in float64. */
export interface LayerNormInputs {
  /** M vectors, `[M, D]`. */
  readonly x: Float64Array;
  /** Factors of the columns, `[D]`. */
  readonly scale: Float64Array;
  /** What is added to the columns, `[D]`. */
  readonly bias: Float64Array;
}

const mean = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** A row less its mean, over its standard deviation; and that deviation. */
function normalise(row: Float64Array, eps: number): { normed: Float64Array; deviation: number } {
  const middle = mean(row);
  const centred = row.map((v) => v - middle);
  const deviation = Math.sqrt(mean(centred.map((v) => v * v)) + eps);
  return { normed: centred.map((v) => v / deviation), deviation };
}

/** @returns `[M, D]`. */
export function layerNormNaive({ x, scale, bias }: LayerNormInputs, eps = 1e-6): Float64Array {
  const width = scale.length;
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const { normed } = normalise(x.subarray(start, start + width), eps);
    y.set(
      normed.map((v, d) => v * (scale[d] ?? 0) + (bias[d] ?? 0)),
      start,
    );
  }
  return y;
}

/** @param dy `[M, D]`. @returns the gradients of sum(dy · y). */
export function layerNormBackwardNaive(
  { x, scale, bias }: LayerNormInputs,
  dy: Float64Array,
  eps = 1e-6,
): LayerNormInputs {
  const width = scale.length;
  const gradients = {
    x: new Float64Array(x.length),
    scale: new Float64Array(scale.length),
    bias: new Float64Array(bias.length),
  };
  for (let start = 0; start < x.length; start += width) {
    const { normed, deviation } = normalise(x.subarray(start, start + width), eps);
    const slopes = dy.subarray(start, start + width);
    const dNormed = slopes.map((v, d) => v * (scale[d] ?? 0));
    const average = mean(dNormed);
    const along = mean(dNormed.map((v, d) => v * (normed[d] ?? 0)));
    for (let d = 0; d < width; d++) {
      const n = normed[d] ?? 0;
      gradients.x[start + d] = ((dNormed[d] ?? 0) - average - n * along) / deviation;
      gradients.scale[d] = (gradients.scale[d] ?? 0) + (slopes[d] ?? 0) * n;
      gradients.bias[d] = (gradients.bias[d] ?? 0) + (slopes[d] ?? 0);
    }
  }
  return gradients;
}
