import {
  byDefault,
  defineLayer,
  type LayerArgs,
  type LayerFactory,
  required,
} from '@neverend/nn/layers';
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

/**
 * Adds `sincosPositions` as a layer: `[rows, N, D]`, with the N tokens of the grid and D a multiple of 4, to the same.
 */
export const neverendSincosPositions: LayerFactory<NeverendSincosPositionsArgs> = defineLayer({
  name: 'NeverendSincosPositions',
  args: { grid: required(checkGrid), base: byDefault(10_000, checkBase) },
  forward: ([x], _params, { args: { grid, base } }) =>
    learnedPositions(x, sincosPositions(grid, x.shape.at(-1) ?? 1, base)),
});
