/** Windows over `[batch, ...axes, channels]`, of as many axes as `window` has. */
export interface WindowSizes {
  readonly input: readonly number[];
  readonly window: readonly number[];
  readonly strides: readonly number[];
  /** How much each axis is padded with before its first number, and how many windows there are along it. */
  readonly before: readonly number[];
  readonly counts: readonly number[];
}

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);

/** The places along each axis that the number at a place in a list of such places has. */
const placesOf = (index: number, sizes: readonly number[]): number[] =>
  sizes.map((size, axis) => Math.floor(index / product(sizes.slice(axis + 1))) % size);

const known = new WeakMap<WindowSizes, Map<number, number>[]>();

/** The pixels of x that each output sees, by their places in its window; one outside of x is left out. */
function windowsOf({ input, window, strides, before, counts }: WindowSizes): Map<number, number>[] {
  const axes = input.slice(1, -1);
  return Array.from({ length: (input[0] ?? 1) * product(counts) }, (_, output) => {
    const [batch = 0, ...at] = placesOf(output, [input[0] ?? 1, ...counts]);
    const seen = new Map<number, number>();
    for (let tap = 0; tap < product(window); tap++) {
      const places = placesOf(tap, window).map(
        (k, axis) => (at[axis] ?? 0) * (strides[axis] ?? 1) - (before[axis] ?? 0) + k,
      );
      if (places.some((place, axis) => place < 0 || place >= (axes[axis] ?? 0))) continue;
      seen.set(
        tap,
        places.reduce((pixel, place, axis) => pixel * (axes[axis] ?? 1) + place, batch),
      );
    }
    return seen;
  });
}

/** The same, found once for differences at each number of x. */
function naiveWindows(sizes: WindowSizes): Map<number, number>[] {
  const windows = known.get(sizes) ?? windowsOf(sizes);
  known.set(sizes, windows);
  return windows;
}

/** A convolution of x with a filter `[...window, in, out]`, or `depthwise`, where each channel has outputs of its own. */
export function naiveConv(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  sizes: WindowSizes,
  outputs: number,
  depthwise = false,
): number[] {
  const channels = sizes.input.at(-1) ?? 1;
  return naiveWindows(sizes).flatMap((seen) => {
    const y = Array<number>(depthwise ? channels * outputs : outputs).fill(0);
    for (const [tap, pixel] of seen)
      for (let c = 0; c < channels; c++)
        for (let m = 0; m < outputs; m++) {
          const to = depthwise ? c * outputs + m : m;
          const weight = w[(tap * channels + c) * outputs + m] ?? 0;
          y[to] = (y[to] ?? 0) + (x[pixel * channels + c] ?? 0) * weight;
        }
    return y;
  });
}

/** The largest number, or the mean, of each window. */
export function naivePool(x: ArrayLike<number>, sizes: WindowSizes, how: 'max' | 'avg'): number[] {
  const channels = sizes.input.at(-1) ?? 1;
  return naiveWindows(sizes).flatMap((seen) =>
    Array.from({ length: channels }, (_, c) => {
      const values = [...seen.values()].map((pixel) => x[pixel * channels + c] ?? 0);
      return how === 'max'
        ? Math.max(...values)
        : values.reduce((a, b) => a + b, 0) / values.length;
    }),
  );
}
