import type { RandomKey } from '@neverend/backend';
import { checkTensor, layerNorm, randomKey } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkedParam } from '../checks.ts';
import { initMlp, mlp } from '../mlp/index.ts';
import { type Params, paramsAbove, paramsBelow } from '../params.ts';
import { initSpaceAttention, spaceAttention } from '../space-attention/index.ts';

/**
 * A pre-LN transformer encoder block (arXiv 2010.11929, equations 2 and 3): x + attention(LN(x)), then
 * x + MLP(LN(x)).
 *
 * @param x `[rows, N, D]`, float32.
 * @param params `LayerNorm_0/scale`, `LayerNorm_0/bias` `[D]` and the same of `LayerNorm_1`; what
 * `spaceAttention` reads below `MultiHeadDotProductAttention_0/`; what `mlp` reads below `MlpBlock_0/`.
 * @returns `[rows, N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function encoderBlock(
  x: tf.Tensor,
  params: Params,
  { heads }: { readonly heads: number },
): tf.Tensor {
  checkTensor('x', x, ['rows', 'N', 'D']);
  const width = x.shape[2] ?? 1;
  const norm = (y: tf.Tensor, name: string) =>
    layerNorm(
      y,
      checkedParam(params, `${name}/scale`, [width]),
      checkedParam(params, `${name}/bias`, [width]),
    );
  return tf.tidy(() => {
    const attention = paramsBelow(params, 'MultiHeadDotProductAttention_0/');
    const attended = tf.add(x, spaceAttention(norm(x, 'LayerNorm_0'), attention, { heads }));
    const block = paramsBelow(params, 'MlpBlock_0/');
    return tf.add(attended, mlp(norm(attended, 'LayerNorm_1'), block));
  });
}

/**
 * Weights of an encoder block as flax' ViT has them (`vit_jax/models_vit.py`): those of
 * `initSpaceAttention` and `initMlp`; norms 1 and 0.
 *
 * @returns tensors by the names that `encoderBlock` reads, a function of `key` alone and the caller's to
 * dispose.
 * @throws ShapeError when `heads` does not divide `width`.
 */
export function initEncoderBlock(
  key: RandomKey,
  {
    width,
    heads,
    mlpWidth,
  }: { readonly width: number; readonly heads: number; readonly mlpWidth: number },
): Record<string, tf.Tensor> {
  const keyOf = (name: string) => randomKey(key.low, key.high, name);
  const attention = initSpaceAttention(keyOf('attention'), { width, heads });
  return {
    'LayerNorm_0/scale': tf.ones([width]),
    'LayerNorm_0/bias': tf.zeros([width]),
    ...paramsAbove(attention, 'MultiHeadDotProductAttention_0/'),
    'LayerNorm_1/scale': tf.ones([width]),
    'LayerNorm_1/bias': tf.zeros([width]),
    ...paramsAbove(initMlp(keyOf('mlp'), { width, mlpWidth }), 'MlpBlock_0/'),
  };
}
