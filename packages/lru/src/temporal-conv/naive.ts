export interface TemporalConvInputs {
  /** `[outer, T, inner]`. */
  readonly x: Float64Array;
  /** `[outer, K-1, inner]`. */
  readonly history: Float64Array;
  /** `[K, E]`, with E a divisor of inner. */
  readonly w: Float64Array;
  /** `[E]`. */
  readonly b: Float64Array;
}

export interface TemporalConvSizes {
  readonly outer: number;
  readonly steps: number;
  readonly inner: number;
}

/**
 * The causal depthwise convolution in float64: each output walks back through time until a sequence begins.
 *
 * @param segmentPos `[outer, T]`. @returns `[outer, T, inner]`.
 */
export function temporalConvNaive(
  { x, history, w, b }: TemporalConvInputs,
  segmentPos: ArrayLike<number>,
  { outer, steps, inner }: TemporalConvSizes,
): Float64Array {
  const taps = w.length / b.length;
  const y = new Float64Array(x.length);
  for (let index = 0; index < y.length; index++) {
    const lane = index % inner;
    const [row, step] = [
      Math.floor(index / (steps * inner)) % outer,
      Math.floor(index / inner) % steps,
    ];
    const channel = lane % b.length;
    let sum = b[channel] ?? 0;
    for (let back = 0; back < taps; back++) {
      const from = step - back;
      const value =
        from >= 0
          ? x[(row * steps + from) * inner + lane]
          : history[(row * (taps - 1) + taps - 1 + from) * inner + lane];
      sum += (w[(taps - 1 - back) * b.length + channel] ?? 0) * (value ?? 0);
      if (from >= 0 && segmentPos[row * steps + from] === 0) break;
    }
    y[index] = sum;
  }
  return y;
}
