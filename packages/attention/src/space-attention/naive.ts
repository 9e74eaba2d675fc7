import { linearBackwardNaive, linearNaive } from '@neverend/nn/testing';
import {
  type AttentionArrays,
  attentionBackwardNaive,
  attentionNaive,
} from '../scaled-dot-product-attention/naive.ts';
import type { AttentionSizes } from '../scaled-dot-product-attention/types.ts';

/** Numbers by the parameters' slash names. */
export type Arrays = Readonly<Record<string, Float64Array>>;

/** Sizes that the flat arrays do not tell. */
export interface SpaceAttentionSizes {
  readonly rows: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
}

const at = (arrays: Arrays, name: string): Float64Array => {
  const array = arrays[name];
  if (array === undefined) throw new Error(`there is no array "${name}"`);
  return array;
};

const projection = (params: Arrays, name: string, x: Float64Array) => ({
  x,
  kernel: at(params, `${name}/kernel`),
  bias: at(params, `${name}/bias`),
});

/** Plain loops in float64 for `spaceAttention`. @returns `[rows, N, D]`. */
export function spaceAttentionNaive(
  x: Float64Array,
  params: Arrays,
  sizes: SpaceAttentionSizes,
): Float64Array {
  return linearNaive(projection(params, 'out', contextNaive(x, params, sizes)));
}

/** Queries, keys and values of all heads, `[rows, N, H, D/H]`. */
function projected(x: Float64Array, params: Arrays): AttentionArrays {
  const of = (name: string) => linearNaive(projection(params, name, x));
  return { q: of('query'), k: of('key'), v: of('value') };
}

function contextSizes({ rows, tokens, width, heads }: SpaceAttentionSizes): AttentionSizes {
  const depth = width / heads;
  return { rows, queries: tokens, keys: tokens, heads, depth, valueDepth: depth };
}

/** The weighted values of all heads, `[rows, N, H, D/H]`. */
const contextNaive = (x: Float64Array, params: Arrays, sizes: SpaceAttentionSizes): Float64Array =>
  attentionNaive(projected(x, params), contextSizes(sizes));

/** @param dy `[rows, N, D]`. @returns the gradients of sum(dy · y). */
export function spaceAttentionBackwardNaive(
  x: Float64Array,
  params: Arrays,
  sizes: SpaceAttentionSizes,
  dy: Float64Array,
): { x: Float64Array; params: Arrays } {
  const out = linearBackwardNaive(projection(params, 'out', contextNaive(x, params, sizes)), dy);
  const slopes = attentionBackwardNaive(projected(x, params), contextSizes(sizes), out.x);
  const gradients: Record<string, Float64Array> = {
    'out/kernel': out.kernel,
    'out/bias': out.bias,
  };
  const dx = new Float64Array(x.length);
  for (const [name, slope] of [
    ['query', slopes.q],
    ['key', slopes.k],
    ['value', slopes.v],
  ] as const) {
    const gradient = linearBackwardNaive(projection(params, name, x), slope);
    gradients[`${name}/kernel`] = gradient.kernel;
    gradients[`${name}/bias`] = gradient.bias;
    gradient.x.forEach((value, position) => {
      dx[position] = (dx[position] ?? 0) + value;
    });
  }
  return { x: dx, params: gradients };
}
