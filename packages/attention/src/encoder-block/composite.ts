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
  const { gelu, dropout: dropped, attentionDropout, eps, ...ofAttention } = options;
  const width = x.shape.at(-1) ?? 1;
  const norm = (name: string): Norm => ({
    scale: checkedParam(params, `${name}/scale`, [width]),
    bias: checkedParam(params, `${name}/bias`, [width]),
    eps,
  });
  return tf.tidy(() => {
    const attend = (residual?: tf.Tensor) =>
      normedSelfAttention(
        x,
        norm('LayerNorm_0'),
        subtree(params, 'MultiHeadDotProductAttention_0/'),
        { ...ofAttention, dropout: attentionDropout },
        residual,
      );
    const attended =
      dropped === undefined
        ? attend(x)
        : tf.add(x, dropout(attend(), dropoutAt(dropped, 'attention')));
    return mlp(attended, subtree(params, 'MlpBlock_0/'), {
      gelu,
      dropout: dropped,
      norm: norm('LayerNorm_1'),
      residual: attended,
    });
  });
}
