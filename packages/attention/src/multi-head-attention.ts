import { checkTensor } from '@neverend/backend';
import { checkedParam, layerNorm, linear, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { headWidth } from './checks.ts';
import {
  type AttentionOptions,
  attentionOptions,
  scaledDotProductAttention,
} from './scaled-dot-product-attention/index.ts';

/** Options of attention with projections. */
export interface MultiHeadOptions extends AttentionOptions {
  /** Number H of heads; must divide the width. */
  readonly heads: number;
  /**
   * Layer norm without a bias over each head's queries and keys (arXiv 2302.05442, section 2.2), by `query_ln/scale` and
   * `key_ln/scale` `[D/H]`. False where it is left out.
   */
  readonly qkNorm?: boolean | undefined;
}

/** The names of these options. */
export const multiHeadOptions: readonly (keyof MultiHeadOptions)[] = [
  'heads',
  'qkNorm',
  ...attentionOptions,
];

/** Queries, keys and values of all heads. */
export interface Heads {
  readonly q: tf.Tensor;
  readonly k: tf.Tensor;
  readonly v: tf.Tensor;
}

/**
 * Queries of `x` `[rows, M, D]`, keys and values of `context` `[rows, N, C]`, normalised if that is asked for; each
 * `[rows, M or N, H, D/H]`.
 *
 * @throws ShapeError | DTypeError naming the argument.
 */
export function projectHeads(
  x: tf.Tensor,
  context: tf.Tensor,
  params: Params,
  { heads, qkNorm = false }: MultiHeadOptions,
): Heads {
  const width = x.shape[2] ?? 1;
  const depth = headWidth(width, heads);
  const project = (y: tf.Tensor, name: string) => {
    const inputs = y.shape[2] ?? 1;
    const kernel = checkedParam(params, `${name}/kernel`, [inputs, heads, depth]);
    const bias = checkedParam(params, `${name}/bias`, [heads, depth]);
    return linear(y, kernel, bias);
  };
  const normalised = (y: tf.Tensor, name: string) =>
    qkNorm ? layerNorm(y, checkedParam(params, `${name}/scale`, [depth]), tf.zeros([depth])) : y;
  return {
    q: normalised(project(x, 'query'), 'query_ln'),
    k: normalised(project(context, 'key'), 'key_ln'),
    v: project(context, 'value'),
  };
}

/** Attention among heads, the linear layer over them, and what is added to it. @returns `[rows, M, D]`. */
export function attendAndJoin(
  { q, k, v }: Heads,
  params: Params,
  { heads, mask, causal, causalOffset, dropout }: MultiHeadOptions,
  residual?: tf.Tensor,
): tf.Tensor {
  const [, , , depth = 1] = q.shape;
  const width = heads * depth;
  const kernel = checkedParam(params, 'out/kernel', [heads, depth, width]);
  const bias = checkedParam(params, 'out/bias', [width]);
  const context = scaledDotProductAttention(q, k, v, { mask, causal, causalOffset, dropout });
  return linear(context, kernel, bias, { residual });
}

/**
 * Multi-head attention of `x` `[rows, M, D]` to `context` `[rows, N, C]`.
 *
 * @param residual what is added in the end, of the shape of `x`; nothing where it is left out. @returns `[rows, M, D]`.
 */
export function multiHeadAttention(
  x: tf.Tensor,
  context: tf.Tensor,
  params: Params,
  options: MultiHeadOptions,
  residual?: tf.Tensor,
): tf.Tensor {
  checkTensor('x', x, ['rows', 'M', 'D']);
  checkTensor('context', context, [x.shape[0] ?? 1, 'N', 'C']);
  return tf.tidy(() =>
    attendAndJoin(projectHeads(x, context, params, options), params, options, residual),
  );
}
