import { checkedSize, type RandomKey } from '@neverend/backend';
import { linear, type Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { initLinear } from '../init-linear.ts';

/** Arguments of `neverendLinear`. */
export interface NeverendLinearArgs extends ParameterLayerArgs {
  /** Width E of the output. */
  units: number;
  /** True where it is left out. */
  useBias?: boolean;
}

/** `linear` as a layer: `[..., D]` to `[..., E]`. */
export class NeverendLinear extends FunctionLayer {
  static readonly className = 'NeverendLinear';
  readonly #units: number;
  readonly #useBias: boolean;

  /** @throws ShapeError unless `units` is a positive integer. */
  constructor(args: NeverendLinearArgs) {
    super(args);
    this.#units = checkedSize('units', args.units);
    this.#useBias = args.useBias ?? true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return [...(inputShape as Shape).slice(0, -1), this.#units];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), units: this.#units, useBias: this.#useBias };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    const { kernel, bias } = initLinear(key, width, this.#units);
    if (this.#useBias) return { kernel, bias };
    bias.dispose();
    return { kernel };
  }

  protected override forward([x]: PerInput<tf.Tensor>, { kernel, bias }: Params): tf.Tensor {
    return linear(x, kernel as tf.Tensor, bias);
  }
}

/** A linear layer whose gradient is fast on every backend. @throws ShapeError for a wrong `units`. */
export function neverendLinear(args: NeverendLinearArgs): NeverendLinear {
  return new NeverendLinear(args);
}
