import { rmsNorm } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import type { Params } from '../params.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** Arguments of `neverendRmsNorm`. */
export interface NeverendRmsNormArgs extends ParameterLayerArgs {
  /** Added to the mean square; 1e-6 where it is left out. */
  eps?: number;
}

/** `rmsNorm` with a factor of 1 + scale as a layer: `[..., D]` to the same. The scale starts at 0. */
export class NeverendRmsNorm extends ParameterLayer {
  static readonly className = 'NeverendRmsNorm';
  readonly #eps: number;

  constructor(args: NeverendRmsNormArgs) {
    super(args);
    this.#eps = args.eps ?? 1e-6;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), eps: this.#eps };
  }

  protected override init(inputShape: readonly (number | undefined)[]): Params {
    return { scale: tf.zeros([positive('the last dimension of the input', inputShape.at(-1))]) };
  }

  protected override forward(x: tf.Tensor, { scale }: Params): tf.Tensor {
    return rmsNorm(x, scale as tf.Tensor, { eps: this.#eps, offset: 1 });
  }
}

/** Root-mean-square normalisation with a factor of 1 + scale, as in Griffin and TRecViT. */
export function neverendRmsNorm(args: NeverendRmsNormArgs = {}): NeverendRmsNorm {
  return new NeverendRmsNorm(args);
}
