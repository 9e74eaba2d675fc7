import { checkNumber } from '@neverend/backend';
import { type Params, rmsNorm } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import * as tf from '@tensorflow/tfjs-core';

/** Arguments of `neverendRmsNorm`. */
export interface NeverendRmsNormArgs extends ParameterLayerArgs {
  /** Added to the mean square; 1e-6 where it is left out. */
  eps?: number;
}

/** `rmsNorm` with a factor of 1 + scale as a layer: `[..., D]` to the same. The scale starts at 0. */
export class NeverendRmsNorm extends FunctionLayer {
  static readonly className = 'NeverendRmsNorm';
  readonly #eps: number;

  /** @throws RangeError for an `eps` that is negative or not finite. */
  constructor(args: NeverendRmsNormArgs) {
    super(args);
    this.#eps = args.eps ?? 1e-6;
    checkNumber('eps', this.#eps, 0);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), eps: this.#eps };
  }

  protected override init([input]: PerInput<InputSizes>): Params {
    return { scale: tf.zeros([inputWidth(input)]) };
  }

  protected override forward([x]: PerInput<tf.Tensor>, { scale }: Params): tf.Tensor {
    return rmsNorm(x, scale as tf.Tensor, { eps: this.#eps, offset: 1 });
  }
}

/** Root-mean-square normalisation with a factor of 1 + scale, as in Griffin and TRecViT. */
export function neverendRmsNorm(args: NeverendRmsNormArgs = {}): NeverendRmsNorm {
  return new NeverendRmsNorm(args);
}
