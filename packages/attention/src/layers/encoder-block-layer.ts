import {
  byDefault,
  type CheckedArgs,
  defineLayer,
  dropoutRate,
  flag,
  type InputSizes,
  inputWidth,
  type LayerArg,
  type LayerCall,
  type LayerFactory,
  notNegative,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import {
  type EncoderBlockOptions,
  encoderBlock,
  type InitEncoderBlockOptions,
  initEncoderBlock,
} from '../encoder-block/index.ts';
import type { MlpGelu } from '../mlp/index.ts';
import { geluForm } from './gelu-form.ts';
import { masksOf } from './masks.ts';

/** Arguments of `neverendEncoderBlock`. */
export interface NeverendEncoderBlockArgs extends SeededLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Width F of the MLP's hidden layer. */
  mlpWidth: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Whether a token sees those up to itself alone; false where it is left out. */
  causal?: boolean;
  /** Form of GELU; `tanh` where it is left out. */
  gelu?: MlpGelu;
  /** Epsilon of the norms; 1e-6 where it is left out. */
  eps?: number;
  /** What LayerScale starts as, such as 1e-5; there is none with 0, and where it is left out. */
  layerScale?: number;
  /** Dropout of what attention and the MLP add, and inside of the MLP, in training; 0 where it is left out. */
  dropoutRate?: number;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/** What blocks and stacks of them take. */
export const blockArgs: {
  readonly heads: LayerArg<number, 'required'>;
  readonly mlpWidth: LayerArg<number, 'required'>;
  readonly qkNorm: LayerArg<boolean, 'default'>;
  readonly causal: LayerArg<boolean, 'default'>;
  readonly gelu: LayerArg<MlpGelu, 'default'>;
  readonly eps: LayerArg<number, 'default'>;
  readonly layerScale: LayerArg<number, 'default'>;
  readonly dropoutRate: LayerArg<number, 'default'>;
  readonly attentionDropoutRate: LayerArg<number, 'default'>;
} = {
  heads: required(size),
  mlpWidth: required(size),
  qkNorm: byDefault(false, flag),
  causal: byDefault(false, flag),
  gelu: byDefault('tanh', geluForm),
  eps: byDefault(1e-6, notNegative),
  layerScale: byDefault(0, notNegative),
  dropoutRate,
  attentionDropoutRate: dropoutRate,
};

type BlockArgs = CheckedArgs<typeof blockArgs>;

/** The sizes of a block's parameters. */
export function blockSizes(
  input: InputSizes,
  { heads, mlpWidth, qkNorm, layerScale }: BlockArgs,
): InitEncoderBlockOptions {
  const sizes = { width: inputWidth(input), heads, mlpWidth, qkNorm };
  return layerScale > 0 ? { ...sizes, layerScale } : sizes;
}

/** The options of one call of a block. */
export function blockOptions(
  given: tf.Tensor | undefined,
  {
    args: { heads, qkNorm, causal, gelu, eps, layerScale, dropoutRate, attentionDropoutRate },
    dropout,
    mask,
  }: Pick<LayerCall<typeof blockArgs>, 'args' | 'dropout' | 'mask'>,
): EncoderBlockOptions {
  return {
    ...{ heads, qkNorm, causal, gelu, eps, layerScale: layerScale > 0, ...masksOf(given, mask) },
    dropout: dropout(dropoutRate),
    attentionDropout: dropout(attentionDropoutRate),
  };
}

/**
 * `encoderBlock` as a layer: `[rows, N, D]` to the same. A second input is the mask: `[rows, N]`, of keys, `[rows, M, N]` or
 * `[rows, H, M, N]`. Padding that an embedding masks is hidden.
 */
export const neverendEncoderBlock: LayerFactory<NeverendEncoderBlockArgs> = defineLayer({
  name: 'NeverendEncoderBlock',
  optionalInputs: ['mask'],
  masks: true,
  args: blockArgs,
  init: ([input], key, args) => initEncoderBlock(key, blockSizes(input, args)),
  forward: ([x, mask], params, call) => encoderBlock(x, params, blockOptions(mask, call)),
});
