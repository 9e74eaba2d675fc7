export interface GateArrays {
  /** `[M, N, E]`. */
  readonly x: Float64Array;
  /** The input gate before its sigmoid, `[M, N, E]`. */
  readonly inputGate: Float64Array;
  /** The recurrence gate before its sigmoid, `[M, N, E]`. */
  readonly recurrenceGate: Float64Array;
  /** `[E]`. */
  readonly aParam: Float64Array;
  /** 1 where a sequence begins and 0 elsewhere, `[M]`. */
  readonly reset: Float64Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * What follows from the gates of the RG-LRU, in float64, number by number.
 *
 * @param decayPower the constant c; the kernels have 8. @returns `[M, N, E]` each.
 */
export function rgLruGatesNaive(
  { x, inputGate, recurrenceGate, aParam, reset }: GateArrays,
  decayPower = 8,
): {
  a: Float64Array;
  gated: Float64Array;
} {
  const a = new Float64Array(x.length);
  const gated = new Float64Array(x.length);
  const frame = x.length / reset.length;
  for (let index = 0; index < x.length; index++) {
    const softplus = Math.log1p(Math.exp(aParam[index % aParam.length] ?? 0));
    const logA = -decayPower * sigmoid(recurrenceGate[index] ?? 0) * softplus;
    const begins = reset[Math.floor(index / frame)] === 1;
    a[index] = begins ? 0 : Math.exp(logA);
    const gamma = begins ? 1 : Math.sqrt(-Math.expm1(2 * logA));
    gated[index] = gamma * sigmoid(inputGate[index] ?? 0) * (x[index] ?? 0);
  }
  return { a, gated };
}
