import {
  checkedSize,
  checkFlag,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkTensor,
} from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import {
  cubicWeight,
  filteredShares,
  filters,
  resampled,
  type Share,
  shareMatrix,
} from '../resampling.ts';
import { checkGrid } from '../sincos-positions/index.ts';

/** How positions become those of another grid. */
export interface InterpolationOptions {
  /**
   * `linear`: with the corners in place, as github.com/google-research/vision_transformer has it (`scipy.ndimage.zoom` of order 1).
   * `bicubic`: as PyTorch's `interpolate` with corners that are not aligned, which transformers, timm and DINOv2 call. `linear` where
   * it is left out.
   */
  readonly method?: 'linear' | 'bicubic' | undefined;
  /**
   * With `bicubic`: whether a smaller grid takes more places together. timm and DINOv2 with registers do. False where it is left out.
   */
  readonly antialias?: boolean | undefined;
  /**
   * With `bicubic`: what is added to the new sides where a place is as far in the old grid; 0 where it is left out, and 0.1 in
   * github.com/facebookresearch/dinov2.
   */
  readonly offset?: number | undefined;
}

/**
 * Learned positions for a grid of another size. Differentiable.
 *
 * @param positions `[1, P + height · width of the grid, D]`, float32. @param from rows and columns of its grid. @param to those of
 * the new one.
 * @param prefix P, the number of tokens before the grid, such as a class token; they stay as they are.
 * @returns `[1, P + height · width of the new grid, D]`, the caller's to dispose. The same numbers for the same grid.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for a wrong option, or one that its method does not have.
 * @throws TypeError for an unknown option.
 */
export function interpolatePositions(
  positions: tf.Tensor,
  from: readonly [number, number],
  to: readonly [number, number],
  prefix = 0,
  options: InterpolationOptions = {},
): tf.Tensor {
  checkGrid('from', from);
  checkGrid('to', to);
  checkedSize('prefix', prefix, 0);
  checkTensor('positions', positions, [1, prefix + from[0] * from[1], 'D']);
  checkInterpolation('interpolatePositions', options);
  if (from[0] === to[0] && from[1] === to[1]) return tf.clone(positions);
  const width = positions.shape[2] ?? 1;
  return tf.tidy(() => {
    const [fixed, grid] = tf.split(positions, [prefix, from[0] * from[1]], 1) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const [rows, columns] = [0, 1].map((axis) =>
      shares(from[axis] as number, to[axis] as number, options),
    ) as [tf.Tensor2D, tf.Tensor2D];
    const placed = resampled(tf.reshape(grid, [1, ...from, width]), rows, columns);
    const moved = tf.reshape(placed, [1, to[0] * to[1], width]);
    return prefix === 0 ? moved : tf.concat([fixed, moved], 1);
  });
}

/** @throws RangeError for a wrong option, or one that its method does not have. @throws TypeError for an unknown one. */
export function checkInterpolation(owner: string, options: InterpolationOptions): void {
  checkOptions(owner, options, ['method', 'antialias', 'offset']);
  const { method = 'linear', antialias = false, offset = 0 } = options;
  checkOneOf('method', method, ['linear', 'bicubic']);
  checkFlag('antialias', antialias);
  checkNumber('offset', offset, 0);
  if (method === 'linear' && (antialias || offset > 0)) {
    const name = antialias ? 'antialias' : 'offset';
    throw new RangeError(`${name} was ${options[name]}; only the method "bicubic" has it`);
  }
}

/** `[to, from]`: the shares that the old places have in the new ones. */
function shares(from: number, to: number, options: InterpolationOptions): tf.Tensor2D {
  const { method = 'linear', antialias = false, offset = 0 } = options;
  // PyTorch passes over a side that keeps its length, though with antialias alone.
  if (antialias && from === to) return tf.eye(from);
  const step = from / (to + offset);
  return shareMatrix(from, to, (place) => {
    const centre = (place + 0.5) * step;
    if (method === 'linear') return linear(to === 1 ? 0 : (place * (from - 1)) / (to - 1));
    return antialias ? filteredShares(centre, step, from, filters.bicubic) : cubic(centre - 0.5);
  });
}

function linear(at: number): Share[] {
  const low = Math.floor(at);
  return [
    [low, 1 - (at - low)],
    [low + 1, at - low],
  ];
}

/** The four places around; PyTorch's sharpness without antialias is 0.75. */
function cubic(at: number): Share[] {
  const low = Math.floor(at);
  return [-1, 0, 1, 2].map((step) => [low + step, cubicWeight(at - (low + step), 0.75)]);
}
