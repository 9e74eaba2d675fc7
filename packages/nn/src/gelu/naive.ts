const c = Math.sqrt(2 / Math.PI);

/** GELU in the paper's tanh form, 0.5 x (1 + tanh(c (x + 0.044715 x³))), in float64. */
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

/** GELU as defined, x Φ(x) with the distribution function Φ of the standard normal, in float64. */
export function geluErfNaive(x: Float64Array): Float64Array {
  return x.map((v) => v * normalDistribution(v));
}

/** @returns the gradient of sum(dy · y) by `x`: Φ(x) + x φ(x) times `dy`. */
export function geluErfBackwardNaive(x: Float64Array, dy: Float64Array): Float64Array {
  return x.map((v, index) => {
    const density = Math.exp(-0.5 * v * v) / Math.sqrt(2 * Math.PI);
    return (dy[index] ?? 0) * (normalDistribution(v) + v * density);
  });
}

/**
 * Φ(x) by the series of Φ(x) - 1/2 near zero and the continued fraction of the tail beyond (Abramowitz and
 * Stegun, 26.2.11 and 26.2.14): 1e-15 of error, without the erf that JavaScript lacks.
 */
export function normalDistribution(x: number): number {
  const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
  const size = Math.abs(x);
  if (size < 5) {
    let term = x;
    let sum = x;
    for (let n = 3; Math.abs(term) > 1e-18 * Math.abs(sum); n += 2) {
      term *= (x * x) / n;
      sum += term;
    }
    return 0.5 + density * sum;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / fraction;
  const tail = density / fraction;
  return x > 0 ? 1 - tail : tail;
}
