/** The inputs of `linear` for its reference, plain loops in float64. */
export interface LinearInputs {
  /** M vectors, `[M, D]`. */
  readonly x: Float64Array;
  /** W, `[D, E]`. */
  readonly kernel: Float64Array;
  /** b, `[E]`. */
  readonly bias: Float64Array;
}

/** @returns x W + b, `[M, E]`. */
export function linearNaive({ x, kernel, bias }: LinearInputs): Float64Array {
  const [units, width] = [bias.length, kernel.length / bias.length];
  const y = new Float64Array((x.length / width) * units);
  for (let index = 0; index < y.length; index++) {
    const [row, unit] = [Math.floor(index / units), index % units];
    let sum = bias[unit] ?? 0;
    for (let d = 0; d < width; d++) {
      sum += (x[row * width + d] ?? 0) * (kernel[d * units + unit] ?? 0);
    }
    y[index] = sum;
  }
  return y;
}

/** @param dy `[M, E]`. @returns the gradients of sum(dy · y). */
export function linearBackwardNaive(
  { x, kernel, bias }: LinearInputs,
  dy: Float64Array,
): LinearInputs {
  const [units, width] = [bias.length, kernel.length / bias.length];
  const gradients = {
    x: new Float64Array(x.length),
    kernel: new Float64Array(kernel.length),
    bias: new Float64Array(bias.length),
  };
  for (let index = 0; index < dy.length; index++) {
    const [row, unit] = [Math.floor(index / units), index % units];
    const slope = dy[index] ?? 0;
    gradients.bias[unit] = (gradients.bias[unit] ?? 0) + slope;
    for (let d = 0; d < width; d++) {
      const [at, weight] = [row * width + d, d * units + unit];
      gradients.x[at] = (gradients.x[at] ?? 0) + slope * (kernel[weight] ?? 0);
      gradients.kernel[weight] = (gradients.kernel[weight] ?? 0) + slope * (x[at] ?? 0);
    }
  }
  return gradients;
}
