import { type Inputs, numbers, numericGradient } from '@neverend/backend/testing';

type Arrays = Record<string, Float64Array>;

/** The gradients of sum(dy · f) for every input, by central differences in float64: good to some 1e-9 of their scale. */
export function numericGradients(
  inputs: Inputs,
  dy: Float64Array,
  f: (arrays: Arrays) => Float64Array,
): Arrays {
  const arrays = numbers(inputs);
  return Object.fromEntries(
    Object.entries(arrays).map(([name, values]) => {
      const loss = (at: Float64Array) =>
        f({ ...arrays, [name]: at }).reduce((sum, y, index) => sum + y * (dy[index] ?? 0), 0);
      return [name, numericGradient(loss, values)];
    }),
  );
}
