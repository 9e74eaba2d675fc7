import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './composite.ts';
import { addKernel } from './registry.ts';

type Shape4D = [number, number, number, number];

const backpropFilter: tf.KernelConfig = {
  kernelName: 'DepthwiseConv2dNativeBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend: anyBackend }) => {
    const backend = anyBackend as WasmBackend;
    const { x, dy } = inputs as Record<'x' | 'dy', tf.TensorInfo>;
    const { strides, dilations, pad, dimRoundingMode, filterShape } =
      attrs as unknown as tf.DepthwiseConv2dNativeBackpropFilterAttrs;
    const info = depthwiseInfo(x.shape, filterShape, strides, dilations, pad, dimRoundingMode);
    const output = backend.makeOutput(info.filterShape, 'float32');
    const xs = backend.typedArrayFromHeap(x);
    const dys = backend.typedArrayFromHeap(dy);
    const { inChannels, outChannels } = info;
    const multiplier = outChannels / inChannels;
    // Sums over all pixels of all images.
    const sums = new Float64Array(tf.util.sizeFromShape(info.filterShape));
    forEachTap(info, (pixelX, pixelDy, tap) => {
      let fromDy = pixelDy * outChannels;
      let to = tap * outChannels;
      for (let channel = 0; channel < inChannels; channel++) {
        const value = xs[pixelX * inChannels + channel] ?? 0;
        for (let m = 0; m < multiplier; m++, fromDy++, to++) {
          sums[to] = (sums[to] ?? 0) + value * (dys[fromDy] ?? 0);
        }
      }
    });
    backend.typedArrayFromHeap(output).set(sums);
    return output;
  },
};

const backpropInput: tf.KernelConfig = {
  kernelName: 'DepthwiseConv2dNativeBackpropInput',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend: anyBackend }) => {
    const backend = anyBackend as WasmBackend;
    const { dy, filter } = inputs as Record<'dy' | 'filter', tf.TensorInfo>;
    const { strides, dilations, pad, dimRoundingMode, inputShape } =
      attrs as unknown as tf.DepthwiseConv2dNativeBackpropInputAttrs;
    const info = depthwiseInfo(inputShape, filter.shape, strides, dilations, pad, dimRoundingMode);
    const output = backend.makeOutput(info.inShape, 'float32');
    const dys = backend.typedArrayFromHeap(dy);
    const weights = backend.typedArrayFromHeap(filter);
    const dxs = backend.typedArrayFromHeap(output).fill(0);
    const { inChannels, outChannels } = info;
    const multiplier = outChannels / inChannels;
    forEachTap(info, (pixelX, pixelDy, tap) => {
      let fromDy = pixelDy * outChannels;
      let fromWeights = tap * outChannels;
      for (let channel = 0; channel < inChannels; channel++) {
        let sum = 0;
        for (let m = 0; m < multiplier; m++, fromDy++, fromWeights++) {
          sum += (dys[fromDy] ?? 0) * (weights[fromWeights] ?? 0);
        }
        const to = pixelX * inChannels + channel;
        dxs[to] = (dxs[to] ?? 0) + sum;
      }
    });
    return output;
  },
};

function depthwiseInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  strides: [number, number] | number,
  dilations: [number, number] | number,
  pad: tf.DepthwiseConv2dNativeAttrs['pad'],
  dimRoundingMode: 'floor' | 'round' | 'ceil' | undefined,
): tf.backend_util.Conv2DInfo {
  const input = inputShape as Shape4D;
  const filter = filterShape as Shape4D;
  const { computeConv2DInfo } = tf.backend_util;
  return computeConv2DInfo(input, filter, strides, dilations, pad, dimRoundingMode, true);
}

/** Calls back with each pixel of x, pixel of dy and place in the filter that meet, padding left out. */
function forEachTap(
  info: tf.backend_util.Conv2DInfo,
  visit: (pixelX: number, pixelDy: number, tap: number) => void,
): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, padInfo } = info;
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } =
    info;
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      for (let tapRow = 0; tapRow < filterHeight; tapRow++) {
        const y = row * strideHeight - padInfo.top + tapRow * dilationHeight;
        if (y < 0 || y >= inHeight) continue;
        for (let column = 0; column < outWidth; column++) {
          const pixelDy = (image * outHeight + row) * outWidth + column;
          for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
            const x = column * strideWidth - padInfo.left + tapColumn * dilationWidth;
            if (x < 0 || x >= inWidth) continue;
            visit((image * inHeight + y) * inWidth + x, pixelDy, tapRow * filterWidth + tapColumn);
          }
        }
      }
    }
  }
}

/** The gradients of a depthwise convolution. Stock TensorFlow.js has them on every backend but wasm. */
export function registerWasmDepthwiseBackprop(): void {
  addKernel(backpropFilter);
  addKernel(backpropInput);
}
