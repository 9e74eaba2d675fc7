import { geluBackwardNaive, geluNaive } from '../gelu/naive.ts';
import { layerNormBackwardNaive, layerNormNaive } from '../layer-norm/naive.ts';
import { linearBackwardNaive, linearNaive } from '../linear/naive.ts';
import { rmsNormBackwardNaive, rmsNormNaive } from '../rms-norm/naive.ts';

/** The inputs of `normLinear` for its reference, plain loops in float64. */
export interface NormLinearNaiveInputs {
  /** M vectors, `[M, D]`. */
  readonly x: Float64Array;
  /** `[D]`. */
  readonly scale: Float64Array;
  /** `[D]` for a layer norm; none for an RMS norm. */
  readonly shift?: Float64Array;
  /** W `[D, E]` and b `[E]` of each layer, and whether GELU follows. */
  readonly layers: readonly {
    readonly kernel: Float64Array;
    readonly bias: Float64Array;
    readonly gelu: boolean;
  }[];
}

export interface NormLinearNaiveOptions {
  readonly eps: number;
  readonly offset: number;
}

function normed({ x, scale, shift }: NormLinearNaiveInputs, options: NormLinearNaiveOptions) {
  return shift === undefined
    ? rmsNormNaive({ x, scale }, options)
    : layerNormNaive({ x, scale, bias: shift }, options.eps);
}

/** @returns act(norm(x) W + b) of each layer, `[M, E]`. */
export function normLinearNaive(
  inputs: NormLinearNaiveInputs,
  options: NormLinearNaiveOptions,
): Float64Array[] {
  const x = normed(inputs, options);
  return inputs.layers.map(({ kernel, bias, gelu }) => {
    const y = linearNaive({ x, kernel, bias });
    return gelu ? geluNaive(y) : y;
  });
}

/** @param dys of each layer, `[M, E]`. @returns the gradients of the sum of all dy · y. */
export function normLinearBackwardNaive(
  inputs: NormLinearNaiveInputs,
  options: NormLinearNaiveOptions,
  dys: readonly Float64Array[],
): Omit<NormLinearNaiveInputs, 'layers'> & {
  readonly layers: readonly { readonly kernel: Float64Array; readonly bias: Float64Array }[];
} {
  const { x, scale, shift } = inputs;
  const xNormed = normed(inputs, options);
  const dNormed = new Float64Array(x.length);
  const layers = inputs.layers.map(({ kernel, bias, gelu }, at) => {
    const dy = dys[at] as Float64Array;
    const call = { x: xNormed, kernel, bias };
    const { x: dx, ...layer } = linearBackwardNaive(
      call,
      gelu ? geluBackwardNaive(linearNaive(call), dy) : dy,
    );
    dx.forEach((slope, index) => {
      dNormed[index] = (dNormed[index] ?? 0) + slope;
    });
    return layer;
  });
  if (shift === undefined) {
    return { ...rmsNormBackwardNaive({ x, scale }, options, dNormed), layers };
  }
  const { bias, ...rest } = layerNormBackwardNaive({ x, scale, bias: shift }, dNormed, options.eps);
  return { ...rest, shift: bias, layers };
}
