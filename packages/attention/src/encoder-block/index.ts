import {
  checkNumber,
  checkOptions,
  checkSizes,
  checkTensor,
  type RandomKey,
  randomKey,
} from '@neverend/backend';
import {
  checkedParam,
  type Dropout,
  dropout,
  dropoutAt,
  type Norm,
  type Params,
  subtree,
  withPrefix,
} from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { initMlp, type MlpOptions, mlp } from '../mlp/index.ts';
import {
  type MultiHeadOptions,
  multiHeadOptions,
  normedSelfAttention,
} from '../multi-head-attention.ts';
import { type InitAttentionOptions, initSpaceAttention } from '../space-attention/index.ts';

/** Options of an encoder block. All but `heads` may be left out, and then are as flax' ViT and TRecViT have them. */
export interface EncoderBlockOptions
  extends Omit<MultiHeadOptions, 'dropout'>,
    Omit<MlpOptions, 'residual' | 'norm'> {
  /** Dropout of what attention and the MLP add, and inside of the MLP; each place has a key of its own made of this one. */
  readonly dropout?: Dropout | undefined;
  /** Dropout of the weights of attention. */
  readonly attentionDropout?: Dropout | undefined;
  /** Epsilon of the norms; 1e-6 where it is left out. */
  readonly eps?: number | undefined;
}

/** The names of these options. */
export const encoderBlockOptions: readonly (keyof EncoderBlockOptions)[] = [
  ...multiHeadOptions,
  'gelu',
  'attentionDropout',
  'eps',
];

/**
 * A pre-LN transformer encoder block (arXiv 2010.11929, equations 2 and 3): x + attention(LN(x)), then
 * x + MLP(LN(x)).
 *
 * @param x `[..., N, D]`, float32; what comes first are rows.
 * @param params `LayerNorm_0/scale`, `LayerNorm_0/bias` `[D]` and the same of `LayerNorm_1`; what
 * `spaceAttention` reads below `MultiHeadDotProductAttention_0/`; what `mlp` reads below `MlpBlock_0/`.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a number outside of its range.
 * @throws TypeError for an unknown option.
 */
export function encoderBlock(
  x: tf.Tensor,
  params: Params,
  options: EncoderBlockOptions,
): tf.Tensor {
  checkOptions('encoderBlock', options, encoderBlockOptions);
  const { gelu, dropout: dropped, attentionDropout, eps = 1e-6, ...ofAttention } = options;
  checkTensor('x', x, ['...', 'rows', 'N', 'D']);
  checkNumber('eps', eps, 0);
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

/** Sizes of the parameters of an encoder block. */
export interface InitEncoderBlockOptions extends Omit<InitAttentionOptions, 'contextWidth'> {
  /** Width F of the MLP's hidden layer. */
  readonly mlpWidth: number;
}

/** The names of these sizes. */
export const initEncoderBlockOptions = ['width', 'heads', 'mlpWidth', 'qkNorm'] as const;

/**
 * Weights of an encoder block as flax' ViT has them (`vit_jax/models_vit.py`): those of
 * `initSpaceAttention` and `initMlp`; norms 1 and 0.
 *
 * @returns tensors by the names that `encoderBlock` reads, a function of `key` alone and the caller's to
 * dispose.
 * @throws ShapeError unless the widths are positive integers and `heads` divides `width`.
 * @throws TypeError for an unknown option.
 */
export function initEncoderBlock(
  key: RandomKey,
  options: InitEncoderBlockOptions,
): Record<string, tf.Tensor> {
  checkOptions('initEncoderBlock', options, initEncoderBlockOptions);
  const { width, heads, mlpWidth, qkNorm = false } = options;
  checkSizes({ width, mlpWidth });
  const keyOf = (name: string) => randomKey(key.low, key.high, name);
  const attention = initSpaceAttention(keyOf('attention'), { width, heads, qkNorm });
  return {
    'LayerNorm_0/scale': tf.ones([width]),
    'LayerNorm_0/bias': tf.zeros([width]),
    ...withPrefix(attention, 'MultiHeadDotProductAttention_0/'),
    'LayerNorm_1/scale': tf.ones([width]),
    'LayerNorm_1/bias': tf.zeros([width]),
    ...withPrefix(initMlp(keyOf('mlp'), { width, mlpWidth }), 'MlpBlock_0/'),
  };
}
