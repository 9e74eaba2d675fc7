import * as tf from '@tensorflow/tfjs-core';

/** Shapes of `[before, n, after]`, with which an axis is worked on at any rank. */
const around = (shape: readonly number[], axis: number): [number, number, number] => [
  tf.util.sizeFromShape(shape.slice(0, axis)),
  shape[axis] ?? 1,
  tf.util.sizeFromShape(shape.slice(axis + 1)),
];

const withSize = (shape: readonly number[], axis: number, size: number): number[] =>
  shape.map((n, index) => (index === axis ? size : n));

/** Pads an axis with zeros. */
export function padAxis(x: tf.Tensor, axis: number, before: number, after: number): tf.Tensor {
  if (before === 0 && after === 0) return x;
  const [outer, n, inner] = around(x.shape, axis);
  const padded = tf.pad3d(tf.reshape(x, [outer, n, inner]), [
    [0, 0],
    [before, after],
    [0, 0],
  ]);
  return tf.reshape(padded, withSize(x.shape, axis, before + n + after));
}

/** So many numbers of an axis from a place on. */
export function sliceAxis(x: tf.Tensor, axis: number, begin: number, size: number): tf.Tensor {
  const [outer, n, inner] = around(x.shape, axis);
  const part = tf.slice(tf.reshape(x, [outer, n, inner]), [0, begin, 0], [outer, size, inner]);
  return tf.reshape(part, withSize(x.shape, axis, size));
}

/** Puts `step - 1` zeros between the numbers of an axis. */
export function spreadAxis(x: tf.Tensor, axis: number, step: number): tf.Tensor {
  if (step === 1) return x;
  const [outer, n, inner] = around(x.shape, axis);
  const apart = tf.pad3d(tf.reshape(x, [outer * n, 1, inner]), [
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  return sliceAxis(
    tf.reshape(apart, withSize(x.shape, axis, n * step)),
    axis,
    0,
    (n - 1) * step + 1,
  );
}

/** Every `step`-th number of an axis, from the first on. */
export function thinAxis(x: tf.Tensor, axis: number, step: number): tf.Tensor {
  if (step === 1) return x;
  const [outer, n, inner] = around(x.shape, axis);
  const count = Math.ceil(n / step);
  const full = padAxis(tf.reshape(x, [outer, n, inner]), 1, 0, count * step - n);
  const first = tf.slice(
    tf.reshape(full, [outer * count, step, inner]),
    [0, 0, 0],
    [outer * count, 1, inner],
  );
  return tf.reshape(first, withSize(x.shape, axis, count));
}
