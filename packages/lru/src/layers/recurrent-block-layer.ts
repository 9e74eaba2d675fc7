import type { RandomKey } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import type { Params } from '../params.ts';
import { initRecurrentBlock, recurrentBlock } from '../recurrent-block/index.ts';
import { ParameterLayer, type ParameterLayerArgs, positive } from './parameter-layer.ts';

/** Arguments of `neverendRecurrentBlock`. */
export interface NeverendRecurrentBlockArgs extends ParameterLayerArgs {
  /** Number H of blocks of the gates; must divide E. */
  heads: number;
  /** E; the width of the input where it is left out. */
  lruWidth?: number;
  /** Number K of taps of the convolution; 4 where it is left out. */
  taps?: number;
  /** Of the ring in which the eigenvalues start; 0.9 where it is left out. */
  minRadius?: number;
}

/** `recurrentBlock` as a layer: `[rows, T, D]` or `[B, T, N, D]` to the same, each row a sequence from its beginning. */
export class NeverendRecurrentBlock extends ParameterLayer {
  static readonly className = 'NeverendRecurrentBlock';
  readonly #lruWidth: number | undefined;
  readonly #sizes: { heads: number; taps: number; minRadius: number };

  /** @throws ShapeError unless `heads`, `taps` and, where there is one, `lruWidth` are positive integers. */
  constructor(args: NeverendRecurrentBlockArgs) {
    super(args);
    this.#lruWidth = args.lruWidth === undefined ? undefined : positive('lruWidth', args.lruWidth);
    this.#sizes = {
      heads: positive('heads', args.heads),
      taps: positive('taps', args.taps ?? 4),
      minRadius: args.minRadius ?? 0.9,
    };
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return inputShape as Shape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const lruWidth = this.#lruWidth;
    return {
      ...super.getConfig(),
      ...this.#sizes,
      ...(lruWidth === undefined ? {} : { lruWidth }),
    };
  }

  protected override init(inputShape: readonly (number | undefined)[], key: RandomKey): Params {
    const width = positive('the last dimension of the input', inputShape.at(-1));
    return initRecurrentBlock(key, { width, lruWidth: this.#lruWidth ?? width, ...this.#sizes });
  }

  protected override forward(x: tf.Tensor, params: Params): tf.Tensor {
    return recurrentBlock(x, params).y;
  }
}

/** The recurrent block of Griffin. @throws ShapeError for wrong `heads`, `taps` or `lruWidth`. */
export function neverendRecurrentBlock(args: NeverendRecurrentBlockArgs): NeverendRecurrentBlock {
  return new NeverendRecurrentBlock(args);
}
