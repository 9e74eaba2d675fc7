import type { RandomKey } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import type { Params } from '../params.ts';
import { initTemporalConv, temporalConv } from '../temporal-conv/index.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** Arguments of `neverendTemporalConv`. */
export interface NeverendTemporalConvArgs extends ParameterLayerArgs {
  /** Number K of taps; 4 where it is left out. */
  taps?: number;
}

/** `temporalConv` as a layer: `[rows, T, E]` or `[B, T, N, E]` to the same, with zeros before each row. */
export class NeverendTemporalConv extends ParameterLayer {
  static readonly className = 'NeverendTemporalConv';
  readonly #taps: number;

  /** @throws ShapeError unless `taps` is a positive integer. */
  constructor(args: NeverendTemporalConvArgs) {
    super(args);
    this.#taps = positive('taps', args.taps ?? 4);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), taps: this.#taps };
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const width = positive('the last dimension of the input', inputShape.at(-1));
    return initTemporalConv(key, { width, taps: this.#taps });
  }

  protected override forward(x: tf.Tensor, params: Params): tf.Tensor {
    return temporalConv(x, params).y;
  }
}

/** A causal depthwise convolution over time. @throws ShapeError for wrong `taps`. */
export function neverendTemporalConv(args: NeverendTemporalConvArgs = {}): NeverendTemporalConv {
  return new NeverendTemporalConv(args);
}
