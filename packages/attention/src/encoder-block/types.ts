import type { Dropout } from '@neverend/nn';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { MlpOptions } from '../mlp/index.ts';
import type { MultiHeadOptions } from '../multi-head-attention.ts';

/** Options of an encoder block. All but `heads` may be left out, and then are as flax' ViT and TRecViT have them. */
export interface EncoderBlockOptions
  extends Omit<MultiHeadOptions, 'dropout'>,
    Omit<MlpOptions, 'residual' | 'norm'> {
  /** Dropout of what attention and the MLP add, and inside of the MLP; each place has a key of its own made of this one. */
  readonly dropout?: Dropout | undefined;
  /** Dropout of the weights of attention. */
  readonly attentionDropout?: Dropout | undefined;
  /** Epsilon of the norms, those of queries and keys among them; 1e-6 where it is left out. */
  readonly eps?: number | undefined;
  /**
   * LayerScale (arXiv 2103.17239, section 2.2): what attention and the MLP add is multiplied by `LayerScale_0/scale` and
   * `LayerScale_1/scale` `[D]`. False where it is left out.
   */
  readonly layerScale?: boolean | undefined;
}

/** The names of a block's layers, as flax has them. */
export const blockNames: {
  readonly norms: readonly [string, string];
  /** Of queries, keys and values. */
  readonly into: readonly [string, string, string];
  readonly out: string;
  readonly mlp: readonly [string, string];
} = {
  norms: ['LayerNorm_0', 'LayerNorm_1'],
  into: [
    'MultiHeadDotProductAttention_0/query',
    'MultiHeadDotProductAttention_0/key',
    'MultiHeadDotProductAttention_0/value',
  ],
  out: 'MultiHeadDotProductAttention_0/out',
  mlp: ['MlpBlock_0/Dense_0', 'MlpBlock_0/Dense_1'],
};

/** The parameters by the names that `encoderBlock` reads. */
export type BlockParams = { readonly [name: `${string}/${string}`]: Tensor };

/** With `x` `[..., N, D]`. */
export type EncoderBlockInputs = { readonly x: Tensor } & BlockParams;

export type EncoderBlockAttrs = {
  /** The number H of heads. */
  readonly heads: number;
  readonly eps: number;
};

/** The shapes of the parameters of a block for tokens of width D, with H heads and an MLP of width F. */
export function encoderBlockShapes<T extends number | string>(
  width: number,
  heads: number,
  mlpWidth: T,
): Record<`${string}/${string}`, readonly (number | T)[]> {
  const { norms, into, out, mlp } = blockNames;
  const depth = width / heads;
  const shapes: Record<`${string}/${string}`, readonly (number | T)[]> = {};
  for (const name of norms) Object.assign(shapes, named(name, ['scale', [width]], [width]));
  for (const name of into) {
    Object.assign(shapes, named(name, ['kernel', [width, heads, depth]], [heads, depth]));
  }
  return {
    ...shapes,
    ...named(out, ['kernel', [heads, depth, width]], [width]),
    ...named(mlp[0], ['kernel', [width, mlpWidth]], [mlpWidth]),
    ...named(mlp[1], ['kernel', [mlpWidth, width]], [width]),
  };
}

const named = <T>(name: string, [first, shape]: [string, readonly T[]], bias: readonly T[]) => ({
  [`${name}/${first}`]: shape,
  [`${name}/bias`]: bias,
});
