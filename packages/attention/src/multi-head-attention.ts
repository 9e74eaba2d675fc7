import { checkFlag, checkTensor } from '@neverend/backend';
import {
  checkedParam,
  checkParams,
  layerNorm,
  linear,
  type Norm,
  normLinear,
  type Params,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { headWidth } from './checks.ts';
import {
  type AttentionOptions,
  attentionOptions,
  checkAttention,
  scaledDotProductAttention,
} from './scaled-dot-product-attention/index.ts';

/** Options of attention with projections. */
export interface MultiHeadOptions extends AttentionOptions {
  /** Number H of heads; must divide the width. */
  readonly heads: number;
  /**
   * Layer norm without a bias over each head's queries and keys (arXiv 2302.05442, section 2.2), by `query_ln/scale` and
   * `key_ln/scale` `[D/H]`, and with one where there are `query_ln/bias` and `key_ln/bias`. False where it is left out.
   */
  readonly qkNorm?: boolean | undefined;
}

/** The names of these options. */
export const multiHeadOptions: readonly (keyof MultiHeadOptions)[] = [
  'heads',
  'qkNorm',
  ...attentionOptions,
];

/** @throws naming the option that is wrong, but for the number of heads and the shapes of masks. @param dropoutName what messages call dropout. */
export function checkMultiHead(options: MultiHeadOptions, dropoutName?: string): void {
  checkFlag('qkNorm', options.qkNorm ?? false);
  checkAttention(options, dropoutName);
}

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
  options: MultiHeadOptions,
): Heads {
  checkMultiHead(options);
  checkParams(params);
  const width = x.shape.at(-1) ?? 1;
  const project = (y: tf.Tensor, name: string) => {
    const { kernel, bias } = projection(params, name, y.shape.at(-1) ?? 1, width, options.heads);
    return linear(y, kernel, bias);
  };
  const heads = {
    q: project(x, 'query'),
    k: project(context, 'key'),
    v: project(context, 'value'),
  };
  return normalised(heads, params, options);
}

/** The weights from `inputs` numbers to the heads of this width. */
function projection(
  params: Params,
  name: string,
  inputs: number,
  width: number,
  heads: number,
): { readonly kernel: tf.Tensor; readonly bias: tf.Tensor } {
  const depth = headWidth(width, heads);
  const kernel = checkedParam(params, `${name}/kernel`, [inputs, heads, depth]);
  return { kernel, bias: checkedParam(params, `${name}/bias`, [heads, depth]) };
}

/** With queries and keys normalised if that is asked for. */
function normalised(
  { q, k, v }: Heads,
  params: Params,
  { qkNorm = false }: MultiHeadOptions,
  eps?: number,
): Heads {
  if (!qkNorm) return { q, k, v };
  const depth = q.shape.at(-1) ?? 1;
  const norm = (y: tf.Tensor, name: string) => {
    const scale = checkedParam(params, `${name}/scale`, [depth]);
    const hasBias = params[`${name}/bias`] !== undefined;
    const bias = hasBias ? checkedParam(params, `${name}/bias`, [depth]) : tf.zeros([depth]);
    return layerNorm(y, scale, bias, eps);
  };
  return { q: norm(q, 'query_ln'), k: norm(k, 'key_ln'), v };
}

/** Attention among heads, the linear layer over them, and what is added to it. @returns `[rows, M, D]`. */
export function attendAndJoin(
  { q, k, v }: Heads,
  params: Params,
  { heads, mask, keyMask, causal, causalOffset, dropout }: MultiHeadOptions,
  residual?: tf.Tensor,
): tf.Tensor {
  const depth = q.shape.at(-1) ?? 1;
  const width = heads * depth;
  const kernel = checkedParam(params, 'out/kernel', [heads, depth, width]);
  const bias = checkedParam(params, 'out/bias', [width]);
  const context = scaledDotProductAttention(q, k, v, {
    ...{ mask, keyMask, causal, causalOffset, dropout },
  });
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

/**
 * Multi-head attention among the tokens of norm(x), for x `[..., N, D]`.
 *
 * @param residual as `multiHeadAttention` takes it. @returns the shape of `x`.
 */
export function normedSelfAttention(
  x: tf.Tensor,
  norm: Norm,
  params: Params,
  options: MultiHeadOptions,
  residual?: tf.Tensor,
): tf.Tensor {
  const width = x.shape.at(-1) ?? 1;
  const layers = ['query', 'key', 'value'].map((name) =>
    projection(params, name, width, width, options.heads),
  );
  return tf.tidy(() => {
    const [q, k, v] = normLinear(x, norm, layers) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const heads = normalised({ q, k, v }, params, options, norm.eps);
    return attendAndJoin(heads, params, options, residual);
  });
}
