import type { RandomKey } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { initLinear, linear } from '../linear/index.ts';
import type { Params } from '../params.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** Arguments of `neverendLinear`. */
export interface NeverendLinearArgs extends ParameterLayerArgs {
  /** Width E of the output. */
  units: number;
  /** True where it is left out. */
  useBias?: boolean;
}

/** `linear` as a layer: `[..., D]` to `[..., E]`. */
export class NeverendLinear extends ParameterLayer {
  static readonly className = 'NeverendLinear';
  readonly #units: number;
  readonly #useBias: boolean;

  /** @throws ShapeError unless `units` is a positive integer. */
  constructor(args: NeverendLinearArgs) {
    super(args);
    this.#units = positive('units', args.units);
    this.#useBias = args.useBias ?? true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...(inputShape as Shape).slice(0, -1), this.#units];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.#units, useBias: this.#useBias };
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const width = positive('the last dimension of the input', inputShape.at(-1));
    const { kernel, bias } = initLinear(key, width, this.#units);
    if (this.#useBias) return { kernel, bias };
    bias.dispose();
    return { kernel };
  }

  protected override forward(x: tf.Tensor, { kernel, bias }: Params): tf.Tensor {
    return linear(x, kernel as tf.Tensor, bias);
  }
}

/** A linear layer whose gradient is fast on every backend. @throws ShapeError for a wrong `units`. */
export function neverendLinear(args: NeverendLinearArgs): NeverendLinear {
  return new NeverendLinear(args);
}
