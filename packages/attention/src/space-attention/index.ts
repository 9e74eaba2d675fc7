import {
  checkFlag,
  checkOptions,
  checkSizes,
  checkTensor,
  type RandomKey,
  subkey,
} from '@neverend/backend';
import { type Params, xavierUniform } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { headWidth } from '../checks.ts';
import {
  type MultiHeadOptions,
  multiHeadAttention,
  multiHeadOptions,
} from '../multi-head-attention.ts';

/**
 * Multi-head self-attention among the N tokens of each row (arXiv 1706.03762, section 3.2; arXiv 2010.11929,
 * appendix A): `scaledDotProductAttention` for each head, then a linear layer over the heads.
 *
 * @param x `[rows, N, D]`, float32.
 * @param params as flax names and shapes them: `query/kernel`, `key/kernel`, `value/kernel` `[D, H, D/H]`,
 * `query/bias`, `key/bias`, `value/bias` `[H, D/H]`, `out/kernel` `[H, D/H, D]`, `out/bias` `[D]`; with `qkNorm` also
 * `query_ln/scale` and `key_ln/scale` `[D/H]`.
 * @returns `[rows, N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument, and what `scaledDotProductAttention` throws.
 * @throws TypeError for an unknown option.
 */
export function spaceAttention(x: tf.Tensor, params: Params, options: MultiHeadOptions): tf.Tensor {
  checkOptions('spaceAttention', options, multiHeadOptions);
  checkTensor('x', x, ['rows', 'N', 'D']);
  return multiHeadAttention(x, x, params, options);
}

/** Sizes of the parameters of an attention layer. */
export interface InitAttentionOptions {
  /** Width D of the tokens. */
  readonly width: number;
  /** Number H of heads; must divide the width. */
  readonly heads: number;
  /** Width C of the context of cross-attention; `width` where it is left out. */
  readonly contextWidth?: number | undefined;
  /** Whether there are norms of queries and keys; their scales start as 1. */
  readonly qkNorm?: boolean | undefined;
}

/**
 * Weights of an attention layer as flax' ViT has them: Xavier uniform for the four kernels, drawn as the
 * matrices that they are, and biases 0.
 *
 * @returns tensors by the names that `spaceAttention` and `crossAttention` read, a function of `key` alone and the
 * caller's to dispose.
 * @throws ShapeError unless the widths are positive integers and `heads` divides `width`.
 * @throws TypeError for an unknown option.
 */
export function initSpaceAttention(
  key: RandomKey,
  options: InitAttentionOptions,
): Record<string, tf.Tensor> {
  checkOptions('initSpaceAttention', options, ['width', 'heads', 'contextWidth', 'qkNorm']);
  const { width, heads, contextWidth = width, qkNorm = false } = options;
  const depth = headWidth(width, heads);
  checkSizes({ contextWidth });
  checkFlag('qkNorm', qkNorm);
  const params: Record<string, tf.Tensor> = {};
  for (const name of ['query', 'key', 'value', 'out']) {
    const inputs = name === 'key' || name === 'value' ? contextWidth : width;
    const [shape, biasShape] =
      name === 'out'
        ? [[heads, depth, width], [width]]
        : [
            [inputs, heads, depth],
            [heads, depth],
          ];
    const kernelKey = subkey(key, name);
    params[`${name}/kernel`] = xavierUniform(kernelKey, shape, inputs, width);
    params[`${name}/bias`] = tf.zeros(biasShape);
  }
  if (qkNorm) {
    params['query_ln/scale'] = tf.ones([depth]);
    params['key_ln/scale'] = tf.ones([depth]);
  }
  return params;
}
