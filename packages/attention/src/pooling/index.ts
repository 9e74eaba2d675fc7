import {
  checkOneOf,
  checkOptions,
  checkSizes,
  checkTensor,
  type RandomKey,
  subkey,
} from '@neverend/backend';
import {
  checkedParam,
  layerNorm,
  type Params,
  subtree,
  withPrefix,
  xavierUniform,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { crossAttention } from '../cross-attention/index.ts';
import { initMlp, type MlpOptions, mlp } from '../mlp/index.ts';
import type { AttentionOptions } from '../scaled-dot-product-attention/index.ts';
import { initSpaceAttention } from '../space-attention/index.ts';

/**
 * Puts a learned token before the tokens of each row (arXiv 2010.11929, equation 1).
 *
 * @param x `[rows, N, D]`, float32. @param token `[1, 1, D]`.
 * @returns `[rows, 1 + N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function prependToken(x: tf.Tensor, token: tf.Tensor): tf.Tensor {
  checkTensor('x', x, ['rows', 'N', 'D']);
  const [rows = 1, , width = 1] = x.shape;
  checkTensor('token', token, [1, 1, width]);
  return tf.tidy(() => tf.concat([tf.add(tf.zeros([rows, 1, width]), token), x], 1));
}

/**
 * One vector for each row: its first token, which `prependToken` put there, or the average of its tokens.
 *
 * @param x `[rows, N, D]`, float32. @returns `[rows, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another `kind`.
 */
export function poolTokens(x: tf.Tensor, kind: 'first' | 'average'): tf.Tensor {
  checkTensor('x', x, ['rows', 'N', 'D']);
  checkPoolingKind('kind', kind);
  const [rows = 1, , width = 1] = x.shape;
  return tf.tidy(() =>
    kind === 'average'
      ? tf.mean(x, 1)
      : tf.reshape(tf.slice(x, [0, 0, 0], [rows, 1, width]), [rows, width]),
  );
}

/** @throws RangeError for another kind than `poolTokens` knows. */
export function checkPoolingKind(name: string, kind: 'first' | 'average'): void {
  checkOneOf(name, kind, ['first', 'average']);
}

/** Options of pooling by attention. All but `heads` may be left out, and then are as big_vision has them. The probe is one query: `mask` broadcasts to `[rows, H, 1, N]`. */
export interface AttentionPoolingOptions
  extends Pick<MlpOptions, 'gelu'>,
    Pick<AttentionOptions, 'mask' | 'keyMask'> {
  /** Number H of heads; must divide the width. */
  readonly heads: number;
  /** Epsilon of the norm; 1e-6 where it is left out. */
  readonly eps?: number | undefined;
}

/**
 * Pooling by attention (arXiv 2106.04560, section 3.4; `MAPHead` of github.com/google-research/big_vision): a learned probe
 * attends to the tokens of each row, then x + MLP(LN(x)).
 *
 * @param x `[rows, N, D]`, float32.
 * @param params `probe` `[1, 1, D]`; what `crossAttention` reads below `MultiHeadDotProductAttention_0/`; `LayerNorm_0/scale`
 * and `LayerNorm_0/bias` `[D]`; what `mlp` reads below `MlpBlock_0/`.
 * @returns `[rows, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a wrong `eps`.
 * @throws TypeError for an unknown option.
 */
export function attentionPooling(
  x: tf.Tensor,
  params: Params,
  options: AttentionPoolingOptions,
): tf.Tensor {
  checkOptions('attentionPooling', options, ['heads', 'gelu', 'eps', 'mask', 'keyMask']);
  const { heads, gelu, mask, keyMask, eps = 1e-6 } = options;
  checkTensor('x', x, ['rows', 'N', 'D']);
  const [rows = 1, , width = 1] = x.shape;
  const probe = checkedParam(params, 'probe', [1, 1, width]);
  const scale = checkedParam(params, 'LayerNorm_0/scale', [width]);
  const bias = checkedParam(params, 'LayerNorm_0/bias', [width]);
  return tf.tidy(() => {
    const probes = tf.add(tf.zeros([rows, 1, width]), probe);
    const attention = subtree(params, 'MultiHeadDotProductAttention_0/');
    const attended = crossAttention(probes, x, attention, { heads, mask, keyMask });
    const block = subtree(params, 'MlpBlock_0/');
    const hidden = mlp(layerNorm(attended, scale, bias, eps), block, { gelu });
    return tf.reshape(tf.add(attended, hidden), [rows, width]);
  });
}

/**
 * Weights of `attentionPooling`: Xavier uniform for probe and kernels, biases 0, the norm 1 and 0.
 *
 * @returns tensors by the names that `attentionPooling` reads, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless the widths are positive integers and `heads` divides `width`.
 * @throws TypeError for an unknown option.
 */
export function initAttentionPooling(
  key: RandomKey,
  options: { readonly width: number; readonly heads: number; readonly mlpWidth: number },
): Record<string, tf.Tensor> {
  checkOptions('initAttentionPooling', options, ['width', 'heads', 'mlpWidth']);
  const { width, heads, mlpWidth } = options;
  checkSizes({ width, mlpWidth });
  const keyOf = (name: string) => subkey(key, name);
  const attention = initSpaceAttention(keyOf('attention'), { width, heads });
  return {
    probe: xavierUniform(keyOf('probe'), [1, 1, width], 1, width),
    ...withPrefix(attention, 'MultiHeadDotProductAttention_0/'),
    'LayerNorm_0/scale': tf.ones([width]),
    'LayerNorm_0/bias': tf.zeros([width]),
    ...withPrefix(initMlp(keyOf('mlp'), { width, mlpWidth }), 'MlpBlock_0/'),
  };
}
