import { linearScanNaive } from '../scan/naive.ts';

export interface RgLruInputs {
  /** `[outer, T, N, E]`. */
  readonly x: Float64Array;
  /** `[outer, N, E]`. */
  readonly state: Float64Array;
  /** `[E]`. */
  readonly aParam: Float64Array;
  /** `[H, E/H, E/H]`. */
  readonly inputW: Float64Array;
  /** `[H, E/H]`. */
  readonly inputB: Float64Array;
  /** `[H, E/H, E/H]`. */
  readonly aW: Float64Array;
  /** `[H, E/H]`. */
  readonly aB: Float64Array;
}

export interface RgLruSizes {
  readonly outer: number;
  readonly steps: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * The real-gated linear recurrent unit in float64, number by number.
 *
 * @param segmentPos `[outer, T]`. @returns every h, `[outer, T, N, E]`.
 */
export function rgLruNaive(
  { x, state, aParam, inputW, inputB, aW, aB }: RgLruInputs,
  segmentPos: ArrayLike<number>,
  { outer, steps, tokens, width, heads }: RgLruSizes,
): Float64Array {
  const size = width / heads;
  const a = new Float64Array(x.length);
  const gated = new Float64Array(x.length);
  for (let index = 0; index < x.length; index++) {
    const channel = index % width;
    const [head, column] = [Math.floor(channel / size), channel % size];
    const begin = index - column;
    let [input, forget] = [inputB[channel] ?? 0, aB[channel] ?? 0];
    for (let row = 0; row < size; row++) {
      const weight = (head * size + row) * size + column;
      input += (x[begin + row] ?? 0) * (inputW[weight] ?? 0);
      forget += (x[begin + row] ?? 0) * (aW[weight] ?? 0);
    }
    const rate = Math.log1p(Math.exp(aParam[channel] ?? 0));
    const logA = -8 * sigmoid(forget) * rate;
    const isStart = segmentPos[Math.floor(index / (tokens * width))] === 0;
    a[index] = isStart ? 0 : Math.exp(logA);
    const gamma = isStart ? 1 : Math.sqrt(-Math.expm1(2 * logA));
    gated[index] = gamma * sigmoid(input) * (x[index] ?? 0);
  }
  return linearScanNaive({ a, x: gated, h0: state }, [outer, steps, tokens * width], false);
}
