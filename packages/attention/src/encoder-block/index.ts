import type { RandomKey } from '@neverend/backend';
import { randomKey } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkedParam, checkTensor, headWidth, paramsBelow } from '../checks.ts';
import { layerNorm } from '../layer-norm/index.ts';
import { initLinear, xavierUniform } from '../linear/index.ts';
import { mlp } from '../mlp/index.ts';
import { spaceAttention } from '../space-attention/index.ts';
import type { Params } from '../types.ts';

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
 * Weights of an encoder block as flax' ViT has them (`vit_jax/models_vit.py`): Xavier uniform for every
 * kernel, norms 1 and 0, biases 0 (there, the MLP's are drawn with a standard deviation of 1e-6).
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
  const depth = headWidth(width, heads);
  const keyOf = (name: string) => randomKey(key.low, key.high, name);
  const params: Record<string, tf.Tensor> = {};
  for (const name of ['LayerNorm_0', 'LayerNorm_1']) {
    params[`${name}/scale`] = tf.ones([width]);
    params[`${name}/bias`] = tf.zeros([width]);
  }
  // flax draws these kernels as the matrices [D, D] that they are, and reshapes.
  const attention = 'MultiHeadDotProductAttention_0';
  for (const name of ['query', 'key', 'value']) {
    const shape = [width, heads, depth];
    params[`${attention}/${name}/kernel`] = xavierUniform(keyOf(name), shape, width, width);
    params[`${attention}/${name}/bias`] = tf.zeros([heads, depth]);
  }
  params[`${attention}/out/kernel`] = xavierUniform(
    keyOf('out'),
    [heads, depth, width],
    width,
    width,
  );
  params[`${attention}/out/bias`] = tf.zeros([width]);
  const dense0 = initLinear(keyOf('Dense_0'), width, mlpWidth);
  const dense1 = initLinear(keyOf('Dense_1'), mlpWidth, width);
  params['MlpBlock_0/Dense_0/kernel'] = dense0.kernel;
  params['MlpBlock_0/Dense_0/bias'] = dense0.bias;
  params['MlpBlock_0/Dense_1/kernel'] = dense1.kernel;
  params['MlpBlock_0/Dense_1/bias'] = dense1.bias;
  return params;
}
