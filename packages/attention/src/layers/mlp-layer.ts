import type { RandomKey } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { initMlp, mlp } from '../mlp/index.ts';
import type { Params } from '../params.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** Arguments of `neverendMlp`. */
export interface NeverendMlpArgs extends ParameterLayerArgs {
  /** Width F of the hidden layer. */
  mlpWidth: number;
}

/** `mlp` as a layer: `[..., D]` to the same. */
export class NeverendMlp extends ParameterLayer {
  static readonly className = 'NeverendMlp';
  readonly #mlpWidth: number;

  /** @throws ShapeError unless `mlpWidth` is a positive integer. */
  constructor(args: NeverendMlpArgs) {
    super(args);
    this.#mlpWidth = positive('mlpWidth', args.mlpWidth);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), mlpWidth: this.#mlpWidth };
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const width = positive('the last dimension of the input', inputShape.at(-1));
    return initMlp(key, { width, mlpWidth: this.#mlpWidth });
  }

  protected override forward(x: tf.Tensor, params: Params): tf.Tensor {
    return mlp(x, params);
  }
}

/** The MLP of a transformer block. @throws ShapeError for a wrong `mlpWidth`. */
export function neverendMlp(args: NeverendMlpArgs): NeverendMlp {
  return new NeverendMlp(args);
}
