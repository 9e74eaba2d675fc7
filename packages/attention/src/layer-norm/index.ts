import * as tf from '@tensorflow/tfjs-core';
import { checkTensor } from '../checks.ts';
import { asRows, sumRows } from '../linear/products.ts';
import { withGradient } from '../own-gradient.ts';

/**
 * Layer normalisation over the last axis (arXiv 1607.06450): scale (x - mean) / sqrt(variance + eps) + bias,
 * with the variance of the population.
 *
 * @param x `[..., D]`, float32. @param scale `[D]`. @param bias `[D]`. @param eps as flax has it.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function layerNorm(
  x: tf.Tensor,
  scale: tf.Tensor,
  bias: tf.Tensor,
  eps: number = 1e-6,
): tf.Tensor {
  checkTensor('x', x, ['...', 'D']);
  const width = x.shape.at(-1) ?? 1;
  checkTensor('scale', scale, [width]);
  checkTensor('bias', bias, [width]);
  return withGradient([x, scale, bias], () => {
    const rows = asRows(x);
    const centred = tf.sub(rows, tf.mean(rows, 1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), eps));
    const normed = tf.mul(centred, inverse);
    return {
      value: tf.reshape(tf.add(tf.mul(normed, scale), bias), x.shape),
      saved: [normed, inverse, scale],
      backward: (dy, saved) => layerNormBackward(dy, saved as [tf.Tensor2D, tf.Tensor, tf.Tensor]),
    };
  });
}

function layerNormBackward(
  dy: tf.Tensor,
  [normed, inverse, scale]: readonly [tf.Tensor2D, tf.Tensor, tf.Tensor],
): tf.Tensor[] {
  const rows = asRows(dy);
  const dNormed = tf.mul(rows, scale);
  const along = tf.mul(normed, tf.mean(tf.mul(dNormed, normed), 1, true));
  const dRows = tf.mul(inverse, tf.sub(tf.sub(dNormed, tf.mean(dNormed, 1, true)), along));
  return [tf.reshape(dRows, dy.shape), sumRows(tf.mul(rows, normed)), sumRows(rows)];
}
