import type { RandomKey } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import type { Params } from '../params.ts';
import { initRgLru, rgLru } from '../rg-lru/index.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** Arguments of `neverendRgLru`. */
export interface NeverendRgLruArgs extends ParameterLayerArgs {
  /** Number H of blocks of the gates; must divide the width of the input. */
  heads: number;
  /** Of the ring in which the eigenvalues start; 0.9 where it is left out. */
  minRadius?: number;
}

/** `rgLru` as a layer: `[rows, T, E]` or `[B, T, N, E]` to the same, each row a sequence from its beginning. */
export class NeverendRgLru extends ParameterLayer {
  static readonly className = 'NeverendRgLru';
  readonly #heads: number;
  readonly #minRadius: number;

  /** @throws ShapeError unless `heads` is a positive integer. */
  constructor(args: NeverendRgLruArgs) {
    super(args);
    this.#heads = positive('heads', args.heads);
    this.#minRadius = args.minRadius ?? 0.9;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), heads: this.#heads, minRadius: this.#minRadius };
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const width = positive('the last dimension of the input', inputShape.at(-1));
    return initRgLru(key, { width, heads: this.#heads, minRadius: this.#minRadius });
  }

  protected override forward(x: tf.Tensor, params: Params): tf.Tensor {
    return rgLru(x, params).y;
  }
}

/** The real-gated linear recurrent unit. @throws ShapeError for wrong `heads`. */
export function neverendRgLru(args: NeverendRgLruArgs): NeverendRgLru {
  return new NeverendRgLru(args);
}
