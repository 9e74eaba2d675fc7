import type { RandomKey } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { encoderBlock, initEncoderBlock } from '../encoder-block/index.ts';
import type { Params } from '../params.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** Arguments of `neverendEncoderBlock`. */
export interface NeverendEncoderBlockArgs extends ParameterLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Width F of the MLP's hidden layer. */
  mlpWidth: number;
}

/** `encoderBlock` as a layer: `[rows, N, D]` to the same. */
export class NeverendEncoderBlock extends ParameterLayer {
  static readonly className = 'NeverendEncoderBlock';
  readonly #heads: number;
  readonly #mlpWidth: number;

  /** @throws ShapeError unless `heads` and `mlpWidth` are positive integers. */
  constructor(args: NeverendEncoderBlockArgs) {
    super(args);
    this.#heads = positive('heads', args.heads);
    this.#mlpWidth = positive('mlpWidth', args.mlpWidth);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), heads: this.#heads, mlpWidth: this.#mlpWidth };
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const width = positive('the last dimension of the input', inputShape.at(-1));
    return initEncoderBlock(key, { width, heads: this.#heads, mlpWidth: this.#mlpWidth });
  }

  protected override forward(x: tf.Tensor, params: Params): tf.Tensor {
    return encoderBlock(x, params, { heads: this.#heads });
  }
}

/** A pre-LN transformer encoder block. @throws ShapeError for wrong `heads` or `mlpWidth`. */
export function neverendEncoderBlock(args: NeverendEncoderBlockArgs): NeverendEncoderBlock {
  return new NeverendEncoderBlock(args);
}
