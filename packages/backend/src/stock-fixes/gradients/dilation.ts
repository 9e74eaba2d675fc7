import * as tf from '@tensorflow/tfjs-core';
import { noGradient, replaceGradient } from '../registry.ts';
import { partsOf } from './window-parts.ts';

/** The numbers that windows have at each of their places, `[B, h, w, C]`, and `fill` where that is outside. */
const placesOf = (x: tf.Tensor, info: tf.backend_util.Conv2DInfo, fill: number): tf.Tensor[] => {
  const windows = {
    ...{ batch: info.batchSize, channels: info.inChannels },
    input: [1, info.inHeight, info.inWidth],
    output: [1, info.outHeight, info.outWidth],
    filter: [1, info.filterHeight, info.filterWidth],
    stride: [1, info.strideHeight, info.strideWidth],
    pad: [0, info.padInfo.top, info.padInfo.left],
  } as const;
  return [...partsOf(x, windows, fill, [1, info.dilationHeight, info.dilationWidth])];
};

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
        name === 'x' ? placesOf(slope as tf.Tensor, info, 0) : rowsOf(slope as tf.Tensor);
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
