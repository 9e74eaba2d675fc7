import { checkedSize, checkNumber, type RandomKey } from '@neverend/backend';
import type { GeluForm, Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import {
  type EncoderBlockOptions,
  encoderBlock,
  type InitEncoderBlockOptions,
  initEncoderBlock,
} from '../encoder-block/index.ts';
import { checkedRate, dropoutOf } from './dropout-of.ts';

/** Arguments of `neverendEncoderBlock`. */
export interface NeverendEncoderBlockArgs extends ParameterLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Width F of the MLP's hidden layer. */
  mlpWidth: number;
  /** Whether there are norms of queries and keys; false where it is left out. */
  qkNorm?: boolean;
  /** Whether a token sees those up to itself alone; false where it is left out. */
  causal?: boolean;
  /** Form of GELU; `tanh` where it is left out. */
  gelu?: 'tanh' | 'erf';
  /** Of the norms; 1e-6 where it is left out. */
  eps?: number;
  /** Dropout of what attention and the MLP add, and inside of the MLP, in training; 0 where it is left out. */
  dropoutRate?: number;
  /** Dropout of the weights of attention in training; 0 where it is left out. */
  attentionDropoutRate?: number;
}

/** `encoderBlock` as a layer: `[rows, N, D]` to the same. A second input is the mask. */
export class NeverendEncoderBlock extends FunctionLayer {
  static readonly className: string = 'NeverendEncoderBlock';
  readonly #sizes: { heads: number; mlpWidth: number };
  readonly #options: { qkNorm: boolean; causal: boolean; gelu: GeluForm; eps: number };
  readonly #rates: { dropoutRate: number; attentionDropoutRate: number };

  /** @throws ShapeError unless `heads` and `mlpWidth` are positive integers. @throws RangeError for a rate outside of [0, 1) or a wrong `eps`. */
  constructor(args: NeverendEncoderBlockArgs) {
    super(args);
    this.#sizes = {
      heads: checkedSize('heads', args.heads),
      mlpWidth: checkedSize('mlpWidth', args.mlpWidth),
    };
    const { qkNorm = false, causal = false, gelu = 'tanh', eps = 1e-6 } = args;
    checkNumber('eps', eps, 0);
    this.#options = { qkNorm, causal, gelu, eps };
    this.#rates = {
      dropoutRate: checkedRate('dropoutRate', args.dropoutRate),
      attentionDropoutRate: checkedRate('attentionDropoutRate', args.attentionDropoutRate),
    };
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.#sizes, ...this.#options, ...this.#rates };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    return initEncoderBlock(key, this.sizes(input));
  }

  protected override forward(
    [x, mask]: PerInput<tf.Tensor>,
    params: Params,
    key?: RandomKey,
  ): tf.Tensor {
    return encoderBlock(x, params, this.options(mask, key));
  }

  /** Of the parameters of a block. */
  protected sizes(input: InputSizes): InitEncoderBlockOptions {
    return { width: inputWidth(input), qkNorm: this.#options.qkNorm, ...this.#sizes };
  }

  /** Of one call. */
  protected options(mask?: tf.Tensor, key?: RandomKey): EncoderBlockOptions {
    return {
      ...{ heads: this.#sizes.heads, ...this.#options, mask },
      dropout: dropoutOf(this.#rates.dropoutRate, key),
      attentionDropout: dropoutOf(this.#rates.attentionDropoutRate, key),
    };
  }
}

/** A pre-LN transformer encoder block. @throws what its constructor throws. */
export function neverendEncoderBlock(args: NeverendEncoderBlockArgs): NeverendEncoderBlock {
  return new NeverendEncoderBlock(args);
}
