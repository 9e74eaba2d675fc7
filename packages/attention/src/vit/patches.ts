import { checkedSize, checkTensor, ShapeError } from '@neverend/backend';
import { linear } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkGrid } from '../sincos-positions/index.ts';

/** The rows and columns of patches of images. @throws ShapeError unless patches fill them. */
export function patchGrid(
  images: tf.Tensor,
  [rows, columns]: readonly [number, number],
): readonly [number, number] {
  checkTensor('images', images, ['B', 'height', 'width', 'C']);
  const [, height = 1, width = 1] = images.shape;
  if (height % rows !== 0 || width % columns !== 0) {
    throw new ShapeError(
      `images was [${images.shape.join(', ')}]; patches of ${rows} x ${columns} pixels must fill its height and width`,
    );
  }
  return [height / rows, width / columns];
}

/**
 * The pixels of each patch of images, row by row.
 *
 * @param images `[B, height, width, C]`, float32. @param patch the side of a patch in pixels, or its height and width.
 * @returns `[B, N, rows · columns · C]` for N patches of rows x columns pixels, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument, also where patches do not fill the images.
 */
export function imagePatches(
  images: tf.Tensor,
  patch: number | readonly [height: number, width: number],
): tf.Tensor3D {
  if (typeof patch !== 'number') checkGrid('patch', patch);
  const [rows, columns] = typeof patch === 'number' ? [patch, patch] : patch;
  checkedSize('patch', rows);
  checkedSize('patch', columns);
  const [down, across] = patchGrid(images, [rows, columns]);
  const [batch = 1, , , channels = 1] = images.shape;
  return tf.tidy(() => {
    const lines = tf.reshape(images, [batch * down, rows, across, columns * channels]);
    return tf.reshape(tf.transpose(lines, [0, 2, 1, 3]), [
      batch,
      down * across,
      rows * columns * channels,
    ]);
  });
}

/**
 * A linear layer on every patch of images (arXiv 2010.11929, equation 1): a convolution whose steps are as wide as its kernel.
 *
 * @param images `[B, height, width, C]`, float32.
 * @param kernel `[P, P, C, D]`, or with other heights of patches than widths `[P, Q, C, D]`. @param bias `[D]`; none adds nothing.
 * @returns `[B, N, D]` for N patches, row by row; the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument, also where patches do not fill the images.
 */
export function patchEmbedding(
  images: tf.Tensor,
  kernel: tf.Tensor,
  bias?: tf.Tensor,
): tf.Tensor3D {
  checkTensor('images', images, ['B', 'height', 'width', 'C']);
  checkTensor('kernel', kernel, ['P', 'Q', images.shape[3] ?? 1, 'D']);
  const [rows, columns, , width] = kernel.shape as [number, number, number, number];
  if (bias !== undefined) checkTensor('bias', bias, [width]);
  return tf.tidy(() => linear(imagePatches(images, [rows, columns]), kernel, bias) as tf.Tensor3D);
}
