import * as tf from '@tensorflow/tfjs-core';
import { wrapKernel } from './registry.ts';
import { result, valuesOf } from './values.ts';

type Call = Parameters<tf.KernelFunc>[0];

/** For each output the largest sum of a number and its number of the filter, and where both are: the first of several, or the first NaN. */
function largest(
  x: tf.TypedArray,
  filter: tf.TypedArray,
  info: tf.backend_util.Conv2DInfo,
): { sums: Float32Array; inX: Int32Array; inFilter: Int32Array } {
  const size = tf.util.sizeFromShape(info.outShape);
  const sums = new Float32Array(size);
  const [inX, inFilter] = [new Int32Array(size), new Int32Array(size)];
  const { inHeight, inWidth, inChannels: channels } = info;
  let to = 0;
  for (let b = 0; b < info.batchSize; b++) {
    for (let outRow = 0; outRow < info.outHeight; outRow++) {
      const top = outRow * info.strideHeight - info.padInfo.top;
      for (let outColumn = 0; outColumn < info.outWidth; outColumn++) {
        const left = outColumn * info.strideWidth - info.padInfo.left;
        for (let channel = 0; channel < channels; channel++, to++) {
          let best = Number.NEGATIVE_INFINITY;
          let place = -1;
          for (let i = 0; i < info.filterHeight; i++) {
            const row = top + i * info.dilationHeight;
            if (row < 0 || row >= inHeight) continue;
            for (let j = 0; j < info.filterWidth; j++) {
              const column = left + j * info.dilationWidth;
              if (column < 0 || column >= inWidth) continue;
              const at = ((b * inHeight + row) * inWidth + column) * channels + channel;
              const from = (i * info.filterWidth + j) * channels + channel;
              const sum = (x[at] ?? 0) + (filter[from] ?? 0);
              const isFirstNaN = Number.isNaN(sum) && !Number.isNaN(best);
              if (place >= 0 && !(sum > best) && !isFirstNaN) continue;
              best = sum;
              place = at;
              inFilter[to] = from;
            }
          }
          inX[to] = place;
          sums[to] = best;
        }
      }
    }
  }
  return { sums, inX, inFilter };
}

function largestOf({ inputs, attrs, backend }: Call) {
  const { x, filter } = inputs as Record<'x' | 'filter', tf.TensorInfo>;
  const { strides, pad, dilations } = attrs as unknown as tf.Dilation2DAttrs;
  const info = tf.backend_util.computeDilation2DInfo(
    x.shape as [number, number, number, number],
    filter.shape as [number, number, number],
    strides,
    pad,
    'NHWC',
    dilations,
  );
  return { ...largest(valuesOf(backend, x), valuesOf(backend, filter), info), info };
}

function dilation2D(call: Call): tf.TensorInfo {
  const { sums, info } = largestOf(call);
  const { x } = call.inputs as Record<'x', tf.TensorInfo>;
  return result(call.backend, info.outShape, x.dtype, sums);
}

/** Each number of dy goes to where the largest sum came from. */
const backprop =
  (name: 'x' | 'filter') =>
  (call: Call): tf.TensorInfo => {
    const { [name]: input, dy } = call.inputs as Record<'x' | 'filter' | 'dy', tf.TensorInfo>;
    const { inX, inFilter } = largestOf(call);
    const places = name === 'x' ? inX : inFilter;
    const gradient = new Float32Array(tf.util.sizeFromShape(input.shape));
    valuesOf(call.backend, dy).forEach((value, index) => {
      const place = places[index] ?? 0;
      gradient[place] = (gradient[place] ?? 0) + value;
    });
    return result(call.backend, input.shape, input.dtype, gradient);
  };

const kernels = {
  Dilation2D: dilation2D,
  Dilation2DBackpropInput: backprop('x'),
  Dilation2DBackpropFilter: backprop('filter'),
};

/** Stock, the largest sum is looked for from the smallest positive number up, so that one which is not above it is not found. */
export function registerDilation2D(): void {
  for (const [name, kernelFunc] of Object.entries(kernels)) {
    wrapKernel(name, 'wasm', (stock) => ({ ...stock, kernelFunc }));
  }
}
