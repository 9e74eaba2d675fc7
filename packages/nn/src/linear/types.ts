import type { Tensor } from '@tensorflow/tfjs-core';

/** What is done to x W + b. `gelu`: its tanh form (arXiv 1606.08415, section 2). */
export type LinearActivation = 'none' | 'gelu';

export const linearActivations: readonly LinearActivation[] = ['none', 'gelu'];

export type LinearAttrs = { readonly activation: LinearActivation };

export type LinearInputs = {
  /** `[..., I...]`: its last axes hold as many numbers as the kernel has before its units. */
  readonly x: Tensor;
  /** `[I..., O...]`. */
  readonly kernel: Tensor;
  /** `[O...]`. */
  readonly bias: Tensor;
};

/** The same with what is added to the result, of its shape. */
export type LinearAddInputs = LinearInputs & { readonly residual: Tensor };

/** A linear layer as a product of matrices `[rows, depth]` and `[depth, units]`, and the shape of its result. */
export interface LinearSizes {
  readonly rows: number;
  readonly depth: number;
  readonly units: number;
  /** How many last axes of x are the matrix' columns. */
  readonly axes: number;
  readonly shape: number[];
}

/**
 * The sizes for the shapes of an input, a kernel, and its units, the last axes of the kernel; undefined where no last axes of the input hold as many numbers as
 * the kernel's first.
 */
export function linearSizes(
  x: readonly number[],
  kernel: readonly number[],
  unitAxes: readonly number[],
): LinearSizes | undefined {
  const units = product(unitAxes);
  const depth = product(kernel) / units;
  const holds = (first: number) => first >= 0 && product(x.slice(first)) === depth;
  // As many axes as the kernel has, or as few as hold its numbers.
  let first = x.length - (kernel.length - unitAxes.length);
  if (!holds(first)) {
    first = x.length - 1;
    while (first > 0 && product(x.slice(first)) < depth) first--;
    if (!holds(first)) return undefined;
  }
  const leading = x.slice(0, first);
  const shape = [...leading, ...unitAxes];
  return { rows: product(leading), depth, units, axes: x.length - first, shape };
}

/** The sizes of a call whose inputs fit. */
export const sizesOf = ({ x, kernel, bias }: LinearInputs): LinearSizes =>
  linearSizes(x.shape, kernel.shape, bias.shape) as LinearSizes;

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
