import { described, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkBase } from '../checks.ts';

/**
 * Fixed positions of the tokens of a grid (`posemb_sincos_2d` of github.com/google-research/big_vision): a quarter of the
 * width each for the sine and the cosine of x ω and of y ω, with ω from 1 down to 1 / base.
 *
 * @param width D, a multiple of 4.
 * @returns `[1, height · width of the grid, D]` in row-major order, for `learnedPositions` and the caller's to dispose.
 * @throws ShapeError for a size that is no positive integer, or another width. @throws RangeError for another base than a number above 0.
 */
export function sincosPositions(
  grid: readonly [number, number],
  width: number,
  base = 10_000,
): tf.Tensor3D {
  checkGrid('grid', grid);
  const [rows, columns] = grid;
  if (!Number.isInteger(width) || width < 4 || width % 4 !== 0) {
    throw new ShapeError(`width was ${described(width)}; it must be a positive multiple of 4`);
  }
  checkBase('base', base);
  const quarter = width / 4;
  const data = Float32Array.from({ length: rows * columns * width }, (_, index) => {
    const [token, c] = [Math.floor(index / width), index % width];
    const [part, step] = [Math.floor(c / quarter), c % quarter];
    const place = part < 2 ? token % columns : Math.floor(token / columns);
    const angle = place * base ** (quarter === 1 ? 0 : -step / (quarter - 1));
    return part % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return tf.tensor3d(data, [1, rows * columns, width]);
}

/** @throws ShapeError unless both sides of a grid are positive integers. */
export function checkGrid(name: string, grid: readonly [number, number]): void {
  const isList = Array.isArray(grid);
  if (isList && grid.length === 2 && grid.every((side) => Number.isInteger(side) && side > 0)) {
    return;
  }
  const was = isList ? `[${grid.join(', ')}]` : described(grid);
  throw new ShapeError(`${name} was ${was}; it must be two positive integers`);
}
