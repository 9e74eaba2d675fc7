import { FunctionLayer, type LayerArgs, type PerInput } from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { checkBase } from '../checks.ts';
import { learnedPositions } from '../learned-positions/index.ts';
import { checkGrid, sincosPositions } from '../sincos-positions/index.ts';

/** Arguments of `neverendSincosPositions`. */
export interface NeverendSincosPositionsArgs extends LayerArgs {
  /** Rows and columns of the tokens' grid. */
  grid: [number, number];
  /** Longest wavelength over 2π; 10,000 where it is left out. */
  base?: number;
}

/** Adds `sincosPositions` as a layer: `[rows, N, D]`, with the N tokens of the grid and D a multiple of 4, to the same. */
export class NeverendSincosPositions extends FunctionLayer {
  static readonly className = 'NeverendSincosPositions';
  readonly #grid: [number, number];
  readonly #base: number;

  /** @throws ShapeError unless both sides of the grid are positive integers. @throws RangeError unless `base` is above 0. */
  constructor(args: NeverendSincosPositionsArgs) {
    super(args);
    checkGrid('grid', args.grid);
    this.#grid = args.grid;
    this.#base = args.base ?? 10_000;
    checkBase('base', this.#base);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), grid: this.#grid, base: this.#base };
  }

  protected override forward([x]: PerInput<tf.Tensor>): tf.Tensor {
    return learnedPositions(x, sincosPositions(this.#grid, x.shape.at(-1) ?? 1, this.#base));
  }
}

/** Adds sines and cosines of the places in a grid to the tokens. @throws what its constructor throws. */
export function neverendSincosPositions(
  args: NeverendSincosPositionsArgs,
): NeverendSincosPositions {
  return new NeverendSincosPositions(args);
}
