import { checkedSize, type RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { initTemporalConv, temporalConv } from '../temporal-conv/index.ts';

/** Arguments of `neverendTemporalConv`. */
export interface NeverendTemporalConvArgs extends ParameterLayerArgs {
  /** Number K of taps, at least 2; 4 where it is left out. */
  taps?: number;
}

/** `temporalConv` as a layer: `[rows, T, E]` or `[B, T, N, E]` to the same, with zeros before each row. */
export class NeverendTemporalConv extends FunctionLayer {
  static readonly className = 'NeverendTemporalConv';
  readonly #taps: number;

  /** @throws ShapeError unless `taps` is an integer from 2 on. */
  constructor(args: NeverendTemporalConvArgs) {
    super(args);
    this.#taps = checkedSize('taps', args.taps ?? 4, 2);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), taps: this.#taps };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initTemporalConv(key, { width, taps: this.#taps });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params): tf.Tensor {
    return temporalConv(x, params).y;
  }
}

/** A causal depthwise convolution over time. @throws ShapeError for wrong `taps`. */
export function neverendTemporalConv(args: NeverendTemporalConvArgs = {}): NeverendTemporalConv {
  return new NeverendTemporalConv(args);
}
