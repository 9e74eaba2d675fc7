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
import { initRgLru, rgLru } from '../rg-lru/index.ts';

/** Arguments of `neverendRgLru`. */
export interface NeverendRgLruArgs extends ParameterLayerArgs {
  /** Number H of blocks of the gates; must divide the width of the input. */
  heads: number;
  /** Of the ring in which the eigenvalues start; 0.9 where it is left out. */
  minRadius?: number;
}

/** `rgLru` as a layer: `[rows, T, E]` or `[B, T, N, E]` to the same, each row a sequence from its beginning. */
export class NeverendRgLru extends FunctionLayer {
  static readonly className = 'NeverendRgLru';
  readonly #heads: number;
  readonly #minRadius: number;

  /** @throws ShapeError unless `heads` is a positive integer. */
  constructor(args: NeverendRgLruArgs) {
    super(args);
    this.#heads = checkedSize('heads', args.heads);
    this.#minRadius = args.minRadius ?? 0.9;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), heads: this.#heads, minRadius: this.#minRadius };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initRgLru(key, { width, heads: this.#heads, minRadius: this.#minRadius });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params): tf.Tensor {
    return rgLru(x, params).y;
  }
}

/** The real-gated linear recurrent unit. @throws ShapeError for wrong `heads`. */
export function neverendRgLru(args: NeverendRgLruArgs): NeverendRgLru {
  return new NeverendRgLru(args);
}
