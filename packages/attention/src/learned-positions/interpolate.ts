import { checkedSize, checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkGrid } from '../sincos-positions/index.ts';

/**
 * Learned positions for a grid of another size: linear interpolation along both sides with the corners in place, as
 * github.com/google-research/vision_transformer has it (`scipy.ndimage.zoom` of order 1). Differentiable.
 *
 * @param positions `[1, P + height · width of the grid, D]`, float32. @param from rows and columns of its grid. @param to those of
 * the new one.
 * @param prefix P, the number of tokens before the grid, such as a class token; they stay as they are.
 * @returns `[1, P + height · width of the new grid, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function interpolatePositions(
  positions: tf.Tensor,
  from: readonly [number, number],
  to: readonly [number, number],
  prefix = 0,
): tf.Tensor {
  checkGrid('from', from);
  checkGrid('to', to);
  checkedSize('prefix', prefix, 0);
  checkTensor('positions', positions, [1, prefix + from[0] * from[1], 'D']);
  const width = positions.shape[2] ?? 1;
  return tf.tidy(() => {
    const [fixed, grid] = tf.split(positions, [prefix, from[0] * from[1]], 1) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const down = tf.matMul(between(from[0], to[0]), tf.reshape(grid, [from[0], from[1] * width]));
    const planes = tf.reshape(down, [to[0], from[1], width]);
    const across = tf.matMul(
      tf.tile(tf.expandDims(between(from[1], to[1])), [to[0], 1, 1]),
      planes,
    );
    const moved = tf.reshape(across, [1, to[0] * to[1], width]);
    return prefix === 0 ? moved : tf.concat([fixed, moved], 1);
  });
}

/** `[to, from]`: the shares that the old places have in the new ones. */
function between(from: number, to: number): tf.Tensor2D {
  const shares = tf.buffer([to, from]);
  for (let place = 0; place < to; place++) {
    const at = to === 1 ? 0 : (place * (from - 1)) / (to - 1);
    const low = Math.min(Math.floor(at), from - 1);
    shares.set(1 - (at - low), place, low);
    if (low + 1 < from) shares.set(at - low, place, low + 1);
  }
  return shares.toTensor() as tf.Tensor2D;
}
