import { type RgLruInputs, type RgLruSizes, rgLruNaive } from '../rg-lru/naive.ts';
import { temporalConvNaive } from '../temporal-conv/naive.ts';

export interface GatedRecurrenceArrays extends RgLruInputs {
  /** What the result is multiplied by, `[outer, T, N, E]`. */
  readonly gate: Float64Array;
  /** The convolution's taps, `[K, E]`. */
  readonly w: Float64Array;
  /** `[E]`. */
  readonly b: Float64Array;
  /** The last steps before, `[outer, K-1, N, E]`. */
  readonly conv: Float64Array;
}

/**
 * What is between the linear layers of a recurrent block, in float64: the convolution, the recurrence, and the product with the gate.
 *
 * @param segmentPos `[outer, T]`. @returns the gated result, `[outer, T, N, E]`, the state of the recurrence, `[outer, N, E]`, and
 * that of the convolution, `[outer, K-1, N, E]`.
 */
export function gatedRecurrenceNaive(
  { x, gate, w, b, conv, ...unit }: GatedRecurrenceArrays,
  segmentPos: ArrayLike<number>,
  sizes: RgLruSizes,
): { y: Float64Array; state: Float64Array; conv: Float64Array } {
  const { outer, steps, tokens, width } = sizes;
  const frame = tokens * width;
  const mixed = temporalConvNaive({ x, history: conv, w, b }, segmentPos, {
    outer,
    steps,
    inner: frame,
  });
  const h = rgLruNaive({ ...unit, x: mixed }, segmentPos, sizes);
  const before = w.length / width - 1;
  const state = new Float64Array(outer * frame);
  const last = new Float64Array(outer * before * frame);
  for (let row = 0; row < outer; row++) {
    state.set(h.slice(((row + 1) * steps - 1) * frame, (row + 1) * steps * frame), row * frame);
    for (let place = 0; place < before; place++) {
      const step = steps - before + place;
      const begins = Array.from({ length: steps }, (_, t) => segmentPos[row * steps + t] === 0);
      if (begins.some((begin, t) => begin && t > step)) continue;
      const [from, index] =
        step >= 0 ? [x, row * steps + step] : [conv, row * before + before + step];
      last.set(from.slice(index * frame, (index + 1) * frame), (row * before + place) * frame);
    }
  }
  return { y: h.map((value, index) => value * (gate[index] ?? 0)), state, conv: last };
}
