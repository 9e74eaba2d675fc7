import * as tf from '@tensorflow/tfjs-core';
import { noGradient, replaceGradient } from '../registry.ts';

type Info = tf.backend_util.Conv2DInfo;

/** The numbers that windows have at each of their places, `[B, h, w, C]`, and `fill` where that is outside. */
function placesOf(x: tf.Tensor4D, info: Info, fill: number): tf.Tensor[] {
  const { outHeight, outWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const { top, left } = info.padInfo;
  const [high, wide] = [(outHeight - 1) * strideHeight + 1, (outWidth - 1) * strideWidth + 1];
  const bottom = (info.filterHeight - 1) * dilationHeight + high - top - info.inHeight;
  const right = (info.filterWidth - 1) * dilationWidth + wide - left - info.inWidth;
  const padded = tf.pad4d(
    x,
    [
      [0, 0],
      [top, Math.max(bottom, 0)],
      [left, Math.max(right, 0)],
      [0, 0],
    ],
    fill,
  );
  return Array.from({ length: info.filterHeight * info.filterWidth }, (_, place) => {
    const row = Math.floor(place / info.filterWidth) * dilationHeight;
    const column = (place % info.filterWidth) * dilationWidth;
    const end = [info.batchSize, row + high, column + wide, info.inChannels];
    return tf.stridedSlice(padded, [0, row, column, 0], end, [1, strideHeight, strideWidth, 1]);
  });
}

/** Rows of the filter's channels, one for each place of a window. */
const rowsOf = (filter: tf.Tensor): tf.Tensor[] =>
  tf.unstack(tf.reshape(filter, [-1, filter.shape[2] ?? 1]));

/** Each number of dy went to the place of the largest sum; the gradient by dy comes from there. */
const ofGradient = (name: 'x' | 'filter', kernelName: string): tf.GradConfig => ({
  kernelName,
  inputsToSave: ['x', 'filter'],
  gradFunc: (slope, saved, attrs) => {
    const [x, filter] = saved as [tf.Tensor4D, tf.Tensor3D];
    const { strides, pad, dilations } = attrs as unknown as tf.Dilation2DAttrs;
    const dy = () => {
      const info = tf.backend_util.computeDilation2DInfo(
        x.shape,
        filter.shape,
        strides,
        pad,
        'NHWC',
        dilations,
      );
      const rows = rowsOf(filter);
      const sums = placesOf(x, info, Number.NEGATIVE_INFINITY).map((part, place) =>
        tf.add(part, rows[place] as tf.Tensor),
      );
      const largest = tf.argMax(tf.stack(sums), 0);
      const slopes =
        name === 'x' ? placesOf(slope as tf.Tensor4D, info, 0) : rowsOf(slope as tf.Tensor);
      return slopes.reduce<tf.Tensor>(
        (picked, part, place) => tf.where(tf.equal(largest, place), part, picked),
        tf.zeros(info.outShape),
      );
    };
    return { x: noGradient(x), filter: noGradient(filter), dy };
  },
});

/** Stock TensorFlow.js has no second gradients of dilations. By the numbers and the filter they are 0. */
export function registerDilationGradients(): void {
  replaceGradient(ofInput);
  replaceGradient(ofFilter);
}

const ofInput = ofGradient('x', 'Dilation2DBackpropInput');
const ofFilter = ofGradient('filter', 'Dilation2DBackpropFilter');
