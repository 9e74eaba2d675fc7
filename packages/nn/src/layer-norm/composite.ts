import * as tf from '@tensorflow/tfjs-core';
import { asRows } from '../rows.ts';
import type { LayerNormAttrs, LayerNormGradInputs, LayerNormInputs } from './types.ts';

/** @returns y in the shape of `x`, and the mean and the reciprocal deviation of each row, `[M]` each. */
export function layerNormComposite(
  { x, scale, bias }: LayerNormInputs,
  { eps }: LayerNormAttrs,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const rows = asRows(x);
  const rounded = tf.mean(rows, 1, true);
  // The sum of a long row is rounded; what is left around its mean is small. Equal numbers are their own mean.
  const mean = tf.add(rounded, tf.mean(tf.sub(rows, rounded), 1, true));
  const centred = tf.sub(rows, mean);
  const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
  const y = tf.add(tf.mul(tf.mul(centred, rstd), scale), bias);
  return [tf.reshape(y, x.shape), tf.reshape(mean, [-1]), tf.reshape(rstd, [-1])];
}

/** The gradients of sum(dy · y) by x, scale and bias. */
export function layerNormGradComposite({
  dy,
  x,
  scale,
  mean,
  rstd,
}: LayerNormGradInputs): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const [dRows, column] = [asRows(dy), [-1, 1]];
  const deviation = tf.reshape(rstd, column);
  const normed = tf.mul(tf.sub(asRows(x), tf.reshape(mean, column)), deviation);
  const dNormed = tf.mul(dRows, scale);
  const along = tf.mul(normed, tf.mean(tf.mul(dNormed, normed), 1, true));
  const dx = tf.mul(deviation, tf.sub(tf.sub(dNormed, tf.mean(dNormed, 1, true)), along));
  return [tf.reshape(dx, x.shape), tf.sum(tf.mul(dRows, normed), 0), tf.sum(dRows, 0)];
}
