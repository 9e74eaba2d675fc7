import { subtree } from '@neverend/nn';
import { geluNaive, linearNaive } from '@neverend/nn/testing';
import { gatedRecurrenceNaive } from '../gated-recurrence/naive.ts';

/** Parameters by their slash names, and `x`, `rgLru` and `conv`, the states. */
export type Arrays = Readonly<Record<string, Float64Array>>;

export interface BlockSizes {
  readonly outer: number;
  readonly steps: number;
  readonly tokens: number;
  /** The width D of the input and output. */
  readonly width: number;
  /** The width E of the recurrent unit. */
  readonly inner: number;
  readonly heads: number;
  /** The number K of taps. */
  readonly taps: number;
  /** The constant c of the recurrent unit. Default: 8. */
  readonly decayPower?: number;
  /** Epsilon of the norms. Default: 1e-6. */
  readonly eps?: number;
}

export const at = (arrays: Arrays, name: string): Float64Array => {
  const array = arrays[name];
  if (array === undefined) throw new Error(`there is no array "${name}"`);
  return array;
};

export const layer = (arrays: Arrays, name: string, x: Float64Array): Float64Array =>
  linearNaive({ x, kernel: at(arrays, `${name}/kernel`), bias: at(arrays, `${name}/bias`) });

/** Output and states of a block: `[outer, T, N, D]`, `[outer, N, E]` and `[outer, K-1, N, E]`, one after the other. */
export type BlockOutputs = readonly [y: Float64Array, rgLru: Float64Array, conv: Float64Array];

/** Float64 reference of `recurrentBlock`. @param segmentPos `[outer, T]`. */
export function recurrentBlockNaive(
  arrays: Arrays,
  segmentPos: ArrayLike<number>,
  { outer, steps, tokens, inner, heads, ...rest }: BlockSizes,
): BlockOutputs {
  const x = at(arrays, 'x');
  const wide = layer(arrays, 'linear_x', x);
  const unit = subtree(arrays, 'rg_lru/');
  const mixed = gatedRecurrenceNaive(
    {
      x: wide,
      gate: geluNaive(layer(arrays, 'linear_y', x)),
      w: at(arrays, 'conv_1d/w'),
      b: at(arrays, 'conv_1d/b'),
      conv: at(arrays, 'conv'),
      state: at(arrays, 'rgLru'),
      aParam: at(unit, 'a_param'),
      inputW: at(unit, 'input_gate/w'),
      inputB: at(unit, 'input_gate/b'),
      aW: at(unit, 'a_gate/w'),
      aB: at(unit, 'a_gate/b'),
    },
    segmentPos,
    { ...rest, outer, steps, tokens, width: inner, heads },
  );
  return [layer(arrays, 'linear_out', mixed.y), mixed.state, mixed.conv];
}
