import { ShapeError } from '@neverend/backend';
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
  masks: true,
  args: { grid: required(checkPair), base: byDefault(10_000, checkBase) },
  forward: ([x], _params, { args: { grid, base } }) =>
    learnedPositions(x, sincosPositions(grid, x.shape.at(-1) ?? 1, base)),
});

function checkPair(name: string, grid: [number, number]): void {
  if (!Array.isArray(grid) || grid.length !== 2) {
    const met = grid === undefined ? 'not given' : JSON.stringify(grid);
    throw new ShapeError(`${name} was ${met}; it must be two positive integers`);
  }
  checkGrid(name, grid);
}
