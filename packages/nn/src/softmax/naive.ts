/** Softmax over rows of `width`, in float64. @param x `[M, D]`. @returns `[M, D]`. */
export function softmaxNaive(x: Float64Array, width: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let start = 0; start < x.length; start += width) {
    const row = x.subarray(start, start + width);
    const largest = row.reduce((max, v) => Math.max(max, v), Number.NEGATIVE_INFINITY);
    const powers = row.map((v) => Math.exp(v - largest));
    const sum = powers.reduce((total, v) => total + v, 0);
    y.set(
      powers.map((v) => v / sum),
      start,
    );
  }
  return y;
}

/** @param dy `[M, D]`. @returns the gradient of sum(dy · y) by `x`, by the Jacobian y_i (δ_ij - y_j). */
export function softmaxBackwardNaive(
  x: Float64Array,
  dy: Float64Array,
  width: number,
): Float64Array {
  const y = softmaxNaive(x, width);
  return x.map((_, at) => {
    const start = at - (at % width);
    let sum = 0;
    for (let j = start; j < start + width; j++) {
      sum += (dy[j] ?? 0) * (y[j] ?? 0) * ((j === at ? 1 : 0) - (y[at] ?? 0));
    }
    return sum;
  });
}
