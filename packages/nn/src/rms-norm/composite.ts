import * as tf from '@tensorflow/tfjs-core';
import { asRows } from '../rows.ts';
import type { RmsNormAttrs, RmsNormGradAttrs, RmsNormGradInputs, RmsNormInputs } from './types.ts';

/** @returns y in the shape of `x`, and the reciprocal root mean square of each row, `[M]`. */
export function rmsNormComposite(
  { x, scale }: RmsNormInputs,
  { eps, offset }: RmsNormAttrs,
): [tf.Tensor, tf.Tensor] {
  const rows = asRows(x);
  const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(rows), 1, true), eps));
  const y = tf.mul(tf.mul(rows, rstd), tf.add(scale, offset));
  return [tf.reshape(y, x.shape), tf.reshape(rstd, [-1])];
}

/** The gradients of sum(dy · y) by x and scale. */
export function rmsNormGradComposite(
  { dy, x, scale, rstd }: RmsNormGradInputs,
  { offset }: RmsNormGradAttrs,
): [tf.Tensor, tf.Tensor] {
  const [dRows, root] = [asRows(dy), tf.reshape(rstd, [-1, 1])];
  const normed = tf.mul(asRows(x), root);
  const dNormed = tf.mul(dRows, tf.add(scale, offset));
  const along = tf.mul(normed, tf.mean(tf.mul(dNormed, normed), 1, true));
  const dx = tf.reshape(tf.mul(root, tf.sub(dNormed, along)), x.shape);
  return [dx, tf.sum(tf.mul(dRows, normed), 0)];
}
