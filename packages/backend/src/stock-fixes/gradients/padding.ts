import * as tf from '@tensorflow/tfjs-core';
import { replaceGradient } from '../registry.ts';
import { padAxis, sliceAxis, spreadAxis } from './axes.ts';

const mirrorPad: tf.GradConfig = {
  kernelName: 'MirrorPad',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor];
    const { paddings, mode } = attrs as unknown as tf.MirrorPadAttrs;
    // 'reflect' leaves out the number at the edge.
    const edge = mode === 'reflect' ? 1 : 0;
    const fold = (y: tf.Tensor, [before, after]: readonly [number, number], axis: number) => {
      const n = x.shape[axis] ?? 1;
      const terms = [sliceAxis(y, axis, before, n)];
      if (before > 0) {
        const mirrored = tf.reverse(sliceAxis(y, axis, 0, before), axis);
        terms.push(padAxis(mirrored, axis, edge, n - before - edge));
      }
      if (after > 0) {
        const mirrored = tf.reverse(sliceAxis(y, axis, before + n, after), axis);
        terms.push(padAxis(mirrored, axis, n - after - edge, edge));
      }
      return terms.length === 1 ? (terms[0] as tf.Tensor) : tf.addN(terms);
    };
    return { x: () => paddings.reduce(fold, dy as tf.Tensor) };
  },
};

const stridedSlice: tf.GradConfig = {
  kernelName: 'StridedSlice',
  inputsToSave: ['x'],
  gradFunc: (dy, saved, attrs) => {
    const [x] = saved as [tf.Tensor];
    const { begin, end, strides, ...masks } = attrs as unknown as tf.StridedSliceAttrs;
    return {
      x: () => {
        const cut = tf.slice_util.sliceInfo(
          x.shape,
          begin,
          end,
          strides,
          masks.beginMask,
          masks.endMask,
          masks.ellipsisMask,
          masks.newAxisMask,
          masks.shrinkAxisMask,
        );
        const placed = (y: tf.Tensor, stride: number, axis: number) => {
          const apart = spreadAxis(y, axis, Math.abs(stride));
          const length = apart.shape[axis] ?? 1;
          const first = cut.begin[axis] ?? 0;
          const before = stride > 0 ? first : first - length + 1;
          const turned = stride > 0 ? apart : tf.reverse(apart, axis);
          return padAxis(turned, axis, before, (x.shape[axis] ?? 1) - before - length);
        };
        const taken = cut.strides.map((stride, axis) =>
          Math.ceil(((cut.end[axis] ?? 0) - (cut.begin[axis] ?? 0)) / stride),
        );
        const whole = tf.reshape(dy as tf.Tensor, taken);
        return cut.strides.reduce(placed, whole);
      },
    };
  },
};

const oneOutput = (dy: tf.Tensor | tf.Tensor[]): tf.Tensor[] => [dy].flat();

const unpack: tf.GradConfig = {
  kernelName: 'Unpack',
  gradFunc: (dy, _saved, attrs) => ({
    value: () => tf.stack(oneOutput(dy), (attrs as unknown as tf.UnpackAttrs).axis),
  }),
};

const splitV: tf.GradConfig = {
  kernelName: 'SplitV',
  gradFunc: (dy, _saved, attrs) => ({
    x: () => tf.concat(oneOutput(dy), (attrs as unknown as tf.SplitVAttrs).axis),
  }),
};

/**
 * Stock TensorFlow.js drops what mirrorPad's edges give, has none for stridedSlice, and those of unstack and split throw where they
 * gave one tensor.
 */
export function registerPaddingGradients(): void {
  for (const config of [mirrorPad, stridedSlice, unpack, splitV]) replaceGradient(config);
}
