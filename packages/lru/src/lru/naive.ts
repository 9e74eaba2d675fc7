/** The parameters of `lru` by its names, and the state and input. */
export type LruArrays = Readonly<Record<string, Float64Array>>;

export interface LruSizes {
  readonly outer: number;
  readonly steps: number;
  readonly tokens: number;
  /** The width D of the input and output. */
  readonly width: number;
  /** The number E of complex states. */
  readonly states: number;
}

/**
 * The linear recurrent unit in float64, one complex state of one row at a time.
 *
 * @param arrays `x` `[outer, T, N, D]`, `stateRe` and `stateIm` `[outer, N, E]`, and the parameters.
 * @param segmentPos `[outer, T]`. @returns y, `[outer, T, N, D]`.
 */
export function lruNaive(
  arrays: LruArrays,
  segmentPos: ArrayLike<number>,
  { outer, steps, tokens, width, states }: LruSizes,
): Float64Array {
  const at = (name: string, index: number) => arrays[name]?.[index] ?? 0;
  const y = Float64Array.from(arrays['x'] ?? [], (x, index) => x * at('D', index % width));
  for (let lane = 0; lane < outer * tokens * states; lane++) {
    const channel = lane % states;
    const token = Math.floor(lane / states) % tokens;
    const row = Math.floor(lane / (states * tokens));
    const magnitude = Math.exp(-Math.exp(at('nu_log', channel)));
    const phase = Math.exp(at('theta_log', channel));
    const gamma = Math.exp(at('gamma_log', channel));
    let [re, im] = [at('stateRe', lane), at('stateIm', lane)];
    for (let step = 0; step < steps; step++) {
      const begin = ((row * steps + step) * tokens + token) * width;
      const size = segmentPos[row * steps + step] === 0 ? 0 : magnitude;
      const [aRe, aIm] = [size * Math.cos(phase), size * Math.sin(phase)];
      [re, im] = [aRe * re - aIm * im, aRe * im + aIm * re];
      for (let d = 0; d < width; d++) {
        re += gamma * at('B_re', channel * width + d) * at('x', begin + d);
        im += gamma * at('B_im', channel * width + d) * at('x', begin + d);
      }
      for (let d = 0; d < width; d++) {
        const weight = d * states + channel;
        y[begin + d] = (y[begin + d] ?? 0) + at('C_re', weight) * re - at('C_im', weight) * im;
      }
    }
  }
  return y;
}
