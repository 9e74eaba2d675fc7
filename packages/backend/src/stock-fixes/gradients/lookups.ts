import * as tf from '@tensorflow/tfjs-core';
import { noGradient, replaceGradient } from '../registry.ts';

const searchSorted: tf.GradConfig = {
  kernelName: 'SearchSorted',
  inputsToSave: ['sortedSequence', 'values'],
  gradFunc: (_dy, saved) => ({
    sortedSequence: noGradient(saved[0]),
    values: noGradient(saved[1]),
  }),
};

/** Equal parts of an axis share the gradient of the one that is given, evenly. */
const unique: tf.GradConfig = {
  kernelName: 'Unique',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [x, indices] = saved as [tf.Tensor, tf.Tensor1D];
    const [dy] = dys as [tf.Tensor];
    return {
      x: () => {
        const [axis = 0] = tf.util.parseAxisParam(
          (attrs as unknown as tf.UniqueAttrs).axis,
          x.shape,
        );
        const equals = tf.unsortedSegmentSum(tf.ones(indices.shape), indices, dy.shape[axis] ?? 1);
        const shape = x.shape.map((_, at) => (at === axis ? indices.size : 1));
        const shares = tf.reshape(tf.gather(equals, indices), shape);
        return tf.div(tf.gather(dy, indices, axis), shares);
      },
    };
  },
};

const bincount = (kernelName: 'Bincount' | 'DenseBincount'): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['x', 'weights'],
  gradFunc: (dy, saved, attrs) => {
    const [x, weights] = saved as [tf.Tensor, tf.Tensor];
    const { size, binaryOutput } = attrs as unknown as tf.DenseBincountAttrs;
    return {
      x: noGradient(x),
      weights: () => {
        if (weights.size === 0 || binaryOutput) return tf.fill(weights.shape, 0, 'float32');
        const places = tf.minimum(x, tf.scalar(size - 1, 'int32'));
        const counts = dy as tf.Tensor;
        const picked =
          counts.rank === 2 ? tf.gather(counts, places, 1, 1) : tf.gather(counts, places);
        return tf.where(tf.less(x, size), picked, tf.zerosLike(picked));
      },
    };
  },
});

const sparseSegment = (kernelName: 'SparseSegmentSum' | 'SparseSegmentMean'): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['data', 'indices', 'segmentIds'],
  gradFunc: (slope, saved) => {
    const [data, indices, segments] = saved as [tf.Tensor, tf.Tensor1D, tf.Tensor1D];
    const dy = slope as tf.Tensor;
    return {
      data: () => {
        const rows = tf.gather(dy, segments);
        const sizes = tf.unsortedSegmentSum(tf.ones(segments.shape), segments, dy.shape[0] ?? 0);
        const shape = rows.shape.map((n, axis) => (axis === 0 ? n : 1));
        const shares =
          kernelName === 'SparseSegmentSum'
            ? rows
            : tf.div(rows, tf.reshape(tf.gather(sizes, segments), shape));
        return tf.unsortedSegmentSum(shares, indices, data.shape[0] ?? 0);
      },
      indices: noGradient(indices),
      segmentIds: noGradient(segments),
    };
  },
});

/** An image of its own places, turned in the same way, tells where each number came from. */
const rotateWithOffset: tf.GradConfig = {
  kernelName: 'RotateWithOffset',
  gradFunc: (slope, _saved, attrs) => ({
    image: () => {
      const dy = slope as tf.Tensor4D;
      const [batch, height, width, channels] = dy.shape;
      const size = height * width;
      const { radians, center } = attrs as unknown as tf.RotateWithOffsetAttrs;
      // From 1 on: 0 is what lies outside, and -1 no place.
      const image = tf.reshape(tf.range(1, size + 1), [1, height, width, 1]) as tf.Tensor4D;
      const from = tf.image.rotateWithOffset(image, radians, 0, center);
      const places = tf.sub(tf.cast(tf.reshape(from, [size]), 'int32'), tf.scalar(1, 'int32'));
      const rows = tf.reshape(tf.transpose(dy, [1, 2, 0, 3]), [size, batch * channels]);
      const sums = tf.unsortedSegmentSum(rows, places as tf.Tensor1D, size);
      return tf.transpose(tf.reshape(sums, [height, width, batch, channels]), [2, 0, 1, 3]);
    },
  }),
};

/** Stock TensorFlow.js has none of these. */
export function registerLookupGradients(): void {
  const configs = [
    searchSorted,
    unique,
    bincount('Bincount'),
    bincount('DenseBincount'),
    sparseSegment('SparseSegmentSum'),
    sparseSegment('SparseSegmentMean'),
    rotateWithOffset,
  ];
  for (const config of configs) replaceGradient(config);
}
