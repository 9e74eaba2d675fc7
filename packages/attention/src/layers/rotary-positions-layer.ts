import { FunctionLayer, type LayerArgs, type PerInput } from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { checkBase } from '../checks.ts';
import { rotaryPositions } from '../rotary-positions/index.ts';

/** Arguments of `neverendRotaryPositions`. */
export interface NeverendRotaryPositionsArgs extends LayerArgs {
  /** Longest wavelength over 2π; 10,000 where it is left out. */
  base?: number;
}

/** `rotaryPositions` as a layer: queries or keys `[rows, N, H, d]` to the same, the first token at position 0. */
export class NeverendRotaryPositions extends FunctionLayer {
  static readonly className = 'NeverendRotaryPositions';
  readonly #base: number;

  /** @throws RangeError unless `base` is above 0. */
  constructor(args: NeverendRotaryPositionsArgs) {
    super(args);
    this.#base = args.base ?? 10_000;
    checkBase('base', this.#base);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), base: this.#base };
  }

  protected override forward([x]: PerInput<tf.Tensor>): tf.Tensor {
    return rotaryPositions(x, { base: this.#base });
  }
}

/** Turns queries or keys by their positions. @throws what its constructor throws. */
export function neverendRotaryPositions(
  args: NeverendRotaryPositionsArgs = {},
): NeverendRotaryPositions {
  return new NeverendRotaryPositions(args);
}
