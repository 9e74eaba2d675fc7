import { geluNaive, linearNaive, rmsNormNaive } from '@neverend/nn/testing';
import { gatedRecurrenceNaive } from '../../src/gated-recurrence/naive.ts';

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

const at = (arrays: Arrays, name: string): Float64Array => {
  const array = arrays[name];
  if (array === undefined) throw new Error(`there is no array "${name}"`);
  return array;
};

const below = (arrays: Arrays, prefix: string): Arrays =>
  Object.fromEntries(
    Object.entries(arrays).flatMap(([name, array]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), array]] : [],
    ),
  );

const layer = (arrays: Arrays, name: string, x: Float64Array) =>
  linearNaive({ x, kernel: at(arrays, `${name}/kernel`), bias: at(arrays, `${name}/bias`) });

const product = (a: Float64Array, b: Float64Array) => a.map((v, index) => v * (b[index] ?? 0));

const sum = (a: Float64Array, b: Float64Array) => a.map((v, index) => v + (b[index] ?? 0));

/** Float64 reference of `gatedMlp`. @param x `[M, D]`. @returns `[M, D]`. */
export function gatedMlpNaive(x: Float64Array, params: Arrays): Float64Array {
  const [w, b] = [at(params, 'ffw_up/w'), at(params, 'ffw_up/b')];
  const half = (array: Float64Array, part: number) =>
    array.slice((part * array.length) / 2, ((part + 1) * array.length) / 2);
  const [gate, hidden] = [0, 1].map((part) =>
    linearNaive({ x, kernel: half(w, part), bias: half(b, part) }),
  ) as [Float64Array, Float64Array];
  return layer(params, 'ffw_down', product(geluNaive(gate), hidden));
}

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
  const unit = below(arrays, 'rg_lru/');
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

/** Float64 reference of `residualBlock`, with the MLP where its parameters are there. */
export function residualBlockNaive(
  arrays: Arrays,
  segmentPos: ArrayLike<number>,
  sizes: BlockSizes,
): BlockOutputs {
  const norm = (x: Float64Array, name: string) =>
    rmsNormNaive({ x, scale: at(arrays, `${name}/scale`) }, { eps: sizes.eps ?? 1e-6, offset: 1 });
  const x = at(arrays, 'x');
  const inner = {
    ...below(arrays, 'recurrent_block/'),
    x: norm(x, 'temporal_pre_norm'),
    rgLru: at(arrays, 'rgLru'),
    conv: at(arrays, 'conv'),
  };
  const [y, rgLru, conv] = recurrentBlockNaive(inner, segmentPos, sizes);
  const residual = sum(x, y);
  if (!('channel_pre_norm/scale' in arrays)) return [residual, rgLru, conv];
  const hidden = gatedMlpNaive(norm(residual, 'channel_pre_norm'), below(arrays, 'mlp_block/'));
  return [sum(residual, hidden), rgLru, conv];
}
