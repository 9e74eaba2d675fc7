import {
  checkNumber,
  checkSizes,
  checkTensor,
  type RandomKey,
  randomNormal,
} from '@neverend/backend';
import { withGradient } from '@neverend/backend/kernels';
import { sumRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Adds a learned vector to every token (arXiv 2010.11929, equation 1).
 *
 * @param x `[rows, N, D]`, float32. @param positions `[1, N, D]`.
 * @returns `[rows, N, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function learnedPositions(x: tf.Tensor, positions: tf.Tensor): tf.Tensor {
  checkTensor('x', x, ['rows', 'N', 'D']);
  const [rows, tokens, width] = x.shape as [number, number, number];
  checkTensor('positions', positions, [1, tokens, width]);
  return withGradient([x, positions], () => ({
    value: tf.add(x, positions),
    saved: [],
    backward: (dy) => [
      tf.clone(dy),
      tf.reshape(sumRows(tf.reshape(dy, [rows, tokens * width])), [1, tokens, width]),
    ],
  }));
}

/**
 * Normal with standard deviation `deviation`; 0.02 is what flax' ViT has (`Encoder` in `vit_jax/models_vit.py`).
 *
 * @returns `[1, N, D]`, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless `tokens` and `width` are positive integers. @throws RangeError for a `deviation` below 0 or not finite.
 */
export function initLearnedPositions(
  key: RandomKey,
  tokens: number,
  width: number,
  deviation = 0.02,
): tf.Tensor3D {
  checkSizes({ tokens, width });
  checkNumber('deviation', deviation, 0);
  const values = randomNormal(key, tokens * width).map((value) => value * deviation);
  return tf.tensor3d(values, [1, tokens, width]);
}
