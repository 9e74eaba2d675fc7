const c = Math.sqrt(2 / Math.PI);

/** GELU in the paper's own form, 0.5 x (1 + tanh(c (x + 0.044715 x³))), in float64. */
export function geluNaive(x: Float64Array): Float64Array {
  return x.map((v) => 0.5 * v * (1 + Math.tanh(c * (v + 0.044715 * v ** 3))));
}

/** @returns the gradient of sum(dy · y) by `x`. */
export function geluBackwardNaive(x: Float64Array, dy: Float64Array): Float64Array {
  return x.map((v, index) => {
    const tanh = Math.tanh(c * (v + 0.044715 * v ** 3));
    const slope = 0.5 * (1 + tanh) + 0.5 * v * (1 - tanh ** 2) * c * (1 + 3 * 0.044715 * v ** 2);
    return (dy[index] ?? 0) * slope;
  });
}
