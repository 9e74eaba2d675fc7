import { type Inputs, numbers } from './op-case.ts';

/**
 * The gradient of a scalar function by central differences, `(f(x + h) - f(x - h)) / 2h` in each
 * coordinate. Meant for references in float64: its error is near 1e-10 of f's scale there, and in float32
 * no step gives more than some two digits.
 *
 * @param f must not change its argument. @param x where.
 * @param step h for coordinates up to 1, and h * |x| above. Near the cube root of the machine epsilon the
 *   truncation and the rounding error balance.
 * @returns as many numbers as x has.
 */
export function numericGradient(
  f: (x: Float64Array) => number,
  x: ArrayLike<number>,
  step = 6e-6,
): Float64Array {
  const point = Float64Array.from(x);
  return Float64Array.from(x, (center, index) => {
    const h = step * Math.max(1, Math.abs(center));
    const [above, below] = [center + h, center - h];
    point[index] = above;
    const high = f(point);
    point[index] = below;
    const low = f(point);
    point[index] = center;
    // The step that was really made, after rounding.
    return (high - low) / (above - below);
  });
}

/** The gradients of sum(dy · f) for every input, by central differences in float64: good to some 1e-9 of their scale. */
export function numericGradients(
  inputs: Inputs,
  dy: ArrayLike<number>,
  f: (arrays: Record<string, Float64Array>) => Float64Array,
): Record<string, Float64Array> {
  const arrays = numbers(inputs);
  return Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => {
      const loss = (at: Float64Array) =>
        f({ ...arrays, [name]: at }).reduce((sum, y, index) => sum + y * (dy[index] ?? 0), 0);
      return [name, numericGradient(loss, values)];
    }),
  );
}
