import { rgLruGatesNaive } from '../rg-lru-gates/naive.ts';
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
  /** The constant c. Default: 8. */
  readonly decayPower?: number;
}

/**
 * The real-gated linear recurrent unit in float64, number by number.
 *
 * @param segmentPos `[outer, T]`. @returns every h, `[outer, T, N, E]`.
 */
export function rgLruNaive(
  { x, state, aParam, inputW, inputB, aW, aB }: RgLruInputs,
  segmentPos: ArrayLike<number>,
  { outer, steps, tokens, width, heads, decayPower }: RgLruSizes,
): Float64Array {
  const size = width / heads;
  const gate = (w: Float64Array, b: Float64Array) =>
    x.map((_, index) => {
      const channel = index % width;
      const [head, column] = [Math.floor(channel / size), channel % size];
      let sum = b[channel] ?? 0;
      for (let row = 0; row < size; row++) {
        const weight = (head * size + row) * size + column;
        sum += (x[index - column + row] ?? 0) * (w[weight] ?? 0);
      }
      return sum;
    });
  const gates = {
    x,
    inputGate: gate(inputW, inputB),
    recurrenceGate: gate(aW, aB),
    aParam,
    reset: Float64Array.from(segmentPos, (position) => Number(position === 0)),
  };
  const { a, gated } = rgLruGatesNaive(gates, decayPower);
  return linearScanNaive({ a, x: gated, h0: state }, [outer, steps, tokens * width], false);
}
