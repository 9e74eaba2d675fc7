export interface GateArrays {
  /** `[M, N, E]`. */
  readonly x: Float64Array;
  /** `[M, N, E]`. */
  readonly input: Float64Array;
  /** `[M, N, E]`. */
  readonly forget: Float64Array;
  /** `[E]`. */
  readonly aParam: Float64Array;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * What follows from the gates of the RG-LRU, in float64, number by number.
 *
 * @param isStart whether the row of this number, of N E of them each, begins a sequence. @returns `[M, N, E]` each.
 */
export function rgLruGatesNaive(
  { x, input, forget, aParam }: GateArrays,
  isStart: (row: number) => boolean,
  tokens: number,
): { a: Float64Array; gated: Float64Array } {
  const a = new Float64Array(x.length);
  const gated = new Float64Array(x.length);
  for (let index = 0; index < x.length; index++) {
    const decay = Math.log1p(Math.exp(aParam[index % aParam.length] ?? 0));
    const logA = -8 * sigmoid(forget[index] ?? 0) * decay;
    const starts = isStart(Math.floor(index / (tokens * aParam.length)));
    a[index] = starts ? 0 : Math.exp(logA);
    const gamma = starts ? 1 : Math.sqrt(-Math.expm1(2 * logA));
    gated[index] = gamma * sigmoid(input[index] ?? 0) * (x[index] ?? 0);
  }
  return { a, gated };
}
