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
import { initRecurrentBlock, recurrentBlock } from '../recurrent-block/index.ts';

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
export class NeverendRecurrentBlock extends FunctionLayer {
  static readonly className = 'NeverendRecurrentBlock';
  readonly #lruWidth: number | undefined;
  readonly #sizes: { heads: number; taps: number; minRadius: number };

  /** @throws ShapeError unless `heads`, `taps` and, where there is one, `lruWidth` are positive integers, `taps` from 2 on. */
  constructor(args: NeverendRecurrentBlockArgs) {
    super(args);
    this.#lruWidth =
      args.lruWidth === undefined ? undefined : checkedSize('lruWidth', args.lruWidth);
    this.#sizes = {
      heads: checkedSize('heads', args.heads),
      taps: checkedSize('taps', args.taps ?? 4, 2),
      minRadius: args.minRadius ?? 0.9,
    };
  }

  override getConfig(): tf.serialization.ConfigDict {
    const lruWidth = this.#lruWidth;
    return {
      ...super.getConfig(),
      ...this.#sizes,
      ...(lruWidth === undefined ? {} : { lruWidth }),
    };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initRecurrentBlock(key, { width, lruWidth: this.#lruWidth ?? width, ...this.#sizes });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params): tf.Tensor {
    return recurrentBlock(x, params).y;
  }
}

/** The recurrent block of Griffin. @throws ShapeError for wrong `heads`, `taps` or `lruWidth`. */
export function neverendRecurrentBlock(args: NeverendRecurrentBlockArgs): NeverendRecurrentBlock {
  return new NeverendRecurrentBlock(args);
}
