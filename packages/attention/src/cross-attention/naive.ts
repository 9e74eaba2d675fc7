import { layerNormNaive, linearNaive } from '@neverend/nn/testing';
import { attentionNaive, type NaiveOptions } from '../scaled-dot-product-attention/naive.ts';
import type { AttentionSizes } from '../scaled-dot-product-attention/types.ts';
import type { Arrays } from '../space-attention/naive.ts';

/**
 * Plain loops in float64 for `crossAttention`, with norms of queries and keys where `params` has their scales,
 * and perhaps biases.
 *
 * @param x `[rows, M, D]`. @param context `[rows, N, C]`. @returns `[rows, M, D]`.
 */
export function crossAttentionNaive(
  x: Float64Array,
  context: Float64Array,
  params: Arrays,
  sizes: AttentionSizes,
  options: NaiveOptions = {},
  eps = 1e-6,
): Float64Array {
  const at = (name: string) => params[name] ?? new Float64Array();
  const project = (y: Float64Array, name: string) =>
    linearNaive({ x: y, kernel: at(`${name}/kernel`), bias: at(`${name}/bias`) });
  const normed = (y: Float64Array, name: string) => {
    const scale = params[`${name}/scale`];
    const bias = params[`${name}/bias`] ?? new Float64Array(sizes.depth);
    return scale === undefined ? y : layerNormNaive({ x: y, scale, bias }, eps);
  };
  const q = normed(project(x, 'query'), 'query_ln');
  const k = normed(project(context, 'key'), 'key_ln');
  return project(attentionNaive({ q, k, v: project(context, 'value') }, sizes, options), 'out');
}
