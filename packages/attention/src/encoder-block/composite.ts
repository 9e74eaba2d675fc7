import { checkedParam, dropout, dropoutAt, type Norm, type Params, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { mlp } from '../mlp/index.ts';
import { normedSelfAttention } from '../multi-head-attention.ts';
import type { EncoderBlockOptions } from './types.ts';

/** The block out of attention and an MLP, each with the norm before it and what it is added to. */
export function encoderBlockParts(
  x: tf.Tensor,
  params: Params,
  options: EncoderBlockOptions & { readonly eps: number },
): tf.Tensor {
  const {
    gelu,
    swiglu,
    dropout: dropped,
    attentionDropout,
    eps,
    layerScale = false,
    ...rest
  } = options;
  const width = x.shape.at(-1) ?? 1;
  const norm = (name: string): Norm => ({
    scale: checkedParam(params, `${name}/scale`, [width]),
    bias: checkedParam(params, `${name}/bias`, [width]),
    eps,
  });
  const scaled = (y: tf.Tensor, name: string) =>
    layerScale ? tf.mul(y, checkedParam(params, `${name}/scale`, [width])) : y;
  return tf.tidy(() => {
    const attend = (residual?: tf.Tensor) =>
      normedSelfAttention(
        x,
        norm('LayerNorm_0'),
        subtree(params, 'MultiHeadDotProductAttention_0/'),
        { ...rest, dropout: attentionDropout },
        residual,
      );
    const attended =
      dropped === undefined && !layerScale
        ? attend(x)
        : tf.add(x, scaled(dropout(attend(), dropoutAt(dropped, 'attention')), 'LayerScale_0'));
    const add = (residual?: tf.Tensor) =>
      mlp(attended, subtree(params, 'MlpBlock_0/'), {
        gelu,
        swiglu,
        dropout: dropped,
        norm: norm('LayerNorm_1'),
        residual,
      });
    return layerScale ? tf.add(attended, scaled(add(), 'LayerScale_1')) : add(attended);
  });
}
