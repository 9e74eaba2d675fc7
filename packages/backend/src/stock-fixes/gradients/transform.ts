import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';

/** 1 at every second row and every second column, from these on, `[1, height, width, 1]`. */
function everySecond(height: number, width: number, row: number, column: number): tf.Tensor {
  const pick = (size: number, first: number) =>
    Array.from({ length: size }, (_, i) => (i + first + 1) % 2);
  const [rows, columns] = [pick(height, row), pick(width, column)];
  return tf.mul(tf.tensor(rows, [1, height, 1, 1]), tf.tensor(columns, [1, 1, width, 1]));
}

/**
 * A number of the result is out of four neighbours at most, of which one has an even row and an even column, one an odd row and an even
 * column, and so on. Images of one of these kinds, of ones and of places, tell with what weight it is in the result, and where it is.
 */
const transform: tf.GradConfig = {
  kernelName: 'Transform',
  inputsToSave: ['image', 'transforms'],
  // None by the transforms: they are refused in the path.
  gradFunc: (slope, saved, attrs) => {
    const [image, transforms] = saved as [tf.Tensor4D, tf.Tensor2D];
    const { interpolation, fillMode, outputShape } = attrs as unknown as tf.TransformAttrs;
    return {
      image: () => {
        const dy = slope as tf.Tensor4D;
        const [batch, height, width, channels] = image.shape;
        const size = batch * height * width;
        const places = tf.reshape(tf.range(0, size), [batch, height, width, 1]);
        const kinds = [0, 1].flatMap((row) => [0, 1].map((column) => [row, column] as const));
        const sums = kinds.map(([row, column]) => {
          const kind = tf.mul(everySecond(height, width, row, column), tf.onesLike(places));
          const both = tf.concat([kind, tf.mul(kind, places)], 3) as tf.Tensor4D;
          const moved = tf.image.transform(
            both,
            transforms,
            interpolation,
            fillMode,
            0,
            outputShape,
          );
          const [weights, weighted] = tf.split(moved, 2, 3) as [tf.Tensor, tf.Tensor];
          const from = tf.round(tf.div(weighted, tf.where(tf.equal(weights, 0), 1, weights)));
          const rows = tf.reshape(tf.mul(dy, weights), [-1, channels]);
          return tf.unsortedSegmentSum(rows, tf.cast(tf.reshape(from, [-1]), 'int32'), size);
        });
        return tf.reshape(tf.addN(sums), image.shape);
      },
    };
  },
};

/** Stock TensorFlow.js has none. */
export function registerTransformGradient(): void {
  replaceGradient(transform);
}
