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
import { initLru, lru } from '../lru/index.ts';

/** Arguments of `neverendLru`. */
export interface NeverendLruArgs extends ParameterLayerArgs {
  /** Number E of complex states; the width of the input where it is left out. */
  lruWidth?: number;
  /** Of the ring in which the eigenvalues start; 0 where it is left out. */
  minRadius?: number;
  /** Of the same ring; 1 where it is left out. */
  maxRadius?: number;
  /** The largest phase of an eigenvalue at the start; 2 π where it is left out. */
  maxPhase?: number;
}

/** `lru` as a layer: `[rows, T, D]` or `[B, T, N, D]` to the same, each row a sequence from its beginning. */
export class NeverendLru extends FunctionLayer {
  static readonly className = 'NeverendLru';
  readonly #lruWidth: number | undefined;
  readonly #ring: { minRadius: number; maxRadius: number; maxPhase: number };

  /** @throws ShapeError unless `lruWidth`, where there is one, is a positive integer. */
  constructor(args: NeverendLruArgs) {
    super(args);
    this.#lruWidth =
      args.lruWidth === undefined ? undefined : checkedSize('lruWidth', args.lruWidth);
    const { minRadius = 0, maxRadius = 1, maxPhase = 2 * Math.PI } = args;
    this.#ring = { minRadius, maxRadius, maxPhase };
  }

  override getConfig(): tf.serialization.ConfigDict {
    const lruWidth = this.#lruWidth;
    return { ...super.getConfig(), ...this.#ring, ...(lruWidth === undefined ? {} : { lruWidth }) };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initLru(key, { width, lruWidth: this.#lruWidth ?? width, ...this.#ring });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params): tf.Tensor {
    return lru(x, params).y;
  }
}

/** The linear recurrent unit. @throws ShapeError for a wrong `lruWidth`. */
export function neverendLru(args: NeverendLruArgs = {}): NeverendLru {
  return new NeverendLru(args);
}
