import * as tf from '@tensorflow/tfjs-core';
import { composite, dispose } from './composite.ts';
import { wrapKernel } from './registry.ts';
import { result, valuesOf } from './values.ts';
import { rewrite, withPrograms } from './webgpu-programs.ts';

/** A pool over `[batch, depth, height, width, channels]`; one over images has a depth of 1. */
interface Pool {
  readonly batch: number;
  readonly channels: number;
  readonly input: Size;
  readonly output: Size;
  readonly filter: Size;
  readonly stride: Size;
  readonly pad: Size;
  readonly outShape: number[];
}

/** Depth, height and width. */
type Size = readonly [number, number, number];

export type PoolAttrs = Pick<tf.MaxPoolAttrs, 'filterSize' | 'strides' | 'pad' | 'dimRoundingMode'>;

export function poolOf({ shape }: tf.TensorInfo, attrs: PoolAttrs): Pool {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  if (shape.length === 5) {
    const info = tf.backend_util.computePool3DInfo(
      shape as [number, number, number, number, number],
      filterSize as number,
      strides as number,
      1,
      pad as number,
      dimRoundingMode,
    );
    return {
      ...{ batch: info.batchSize, channels: info.inChannels, outShape: info.outShape },
      input: [info.inDepth, info.inHeight, info.inWidth],
      output: [info.outDepth, info.outHeight, info.outWidth],
      filter: [info.filterDepth, info.filterHeight, info.filterWidth],
      stride: [info.strideDepth, info.strideHeight, info.strideWidth],
      pad: [info.padInfo.front, info.padInfo.top, info.padInfo.left],
    };
  }
  const info = tf.backend_util.computePool2DInfo(
    shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
  return {
    ...{ batch: info.batchSize, channels: info.inChannels, outShape: info.outShape },
    input: [1, info.inHeight, info.inWidth],
    output: [1, info.outHeight, info.outWidth],
    filter: [1, info.filterHeight, info.filterWidth],
    stride: [1, info.strideHeight, info.strideWidth],
    pad: [0, info.padInfo.top, info.padInfo.left],
  };
}

/** Along one axis, the first and the place after the last of the inputs that an output sees. */
function window(pool: Pool, axis: 0 | 1 | 2, at: number): [number, number] {
  const corner = at * pool.stride[axis] - pool.pad[axis];
  return [Math.max(0, corner), Math.min(pool.input[axis], corner + pool.filter[axis])];
}

/** Where in x the largest number of each window is: the first of several, or the first NaN. */
function largest(x: tf.TypedArray, pool: Pool): Int32Array {
  const { batch, channels, input, output } = pool;
  const places = new Int32Array(tf.util.sizeFromShape(pool.outShape));
  let to = 0;
  for (let b = 0; b < batch; b++) {
    for (let outDepth = 0; outDepth < output[0]; outDepth++) {
      const [depth0, depth1] = window(pool, 0, outDepth);
      for (let outRow = 0; outRow < output[1]; outRow++) {
        const [row0, row1] = window(pool, 1, outRow);
        for (let outColumn = 0; outColumn < output[2]; outColumn++) {
          const [column0, column1] = window(pool, 2, outColumn);
          for (let channel = 0; channel < channels; channel++, to++) {
            let best = Number.NEGATIVE_INFINITY;
            let place = -1;
            for (let depth = depth0; depth < depth1; depth++) {
              for (let row = row0; row < row1; row++) {
                const line = ((b * input[0] + depth) * input[1] + row) * input[2];
                for (let column = column0; column < column1; column++) {
                  const from = (line + column) * channels + channel;
                  const value = x[from] ?? 0;
                  const isFirstNaN = Number.isNaN(value) && !Number.isNaN(best);
                  if (place >= 0 && !(value > best) && !isFirstNaN) continue;
                  best = value;
                  place = from;
                }
              }
            }
            places[to] = place;
          }
        }
      }
    }
  }
  return places;
}

function taken(values: tf.TypedArray, places: Int32Array): Float32Array {
  const numbers = new Float32Array(places.length);
  for (let i = 0; i < numbers.length; i++) numbers[i] = values[places[i] as number] as number;
  return numbers;
}

type Call = Parameters<tf.KernelFunc>[0];

/** The largest number of each window. */
function maxPool({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { x } = inputs as Record<'x', tf.TensorInfo>;
  const pool = poolOf(x, attrs as unknown as PoolAttrs);
  const values = valuesOf(backend, x);
  const pooled = taken(values, largest(values, pool));
  return result(backend, pool.outShape, x.dtype, pooled);
}

/** Whether the sum of a tensor of wasm is a NaN, which takes a part of the time of a pool. */
function mayHoldNaN(backend: tf.KernelBackend, x: tf.TensorInfo): boolean {
  const axis = [...x.shape.keys()] as unknown as string;
  const sum = composite(backend, 'wasm', (runStock) => runStock('Sum', { x }, { axis }));
  const isLost = Number.isNaN(valuesOf(backend, sum)[0]);
  dispose(backend, sum);
  return isLost;
}

function maxPoolWithArgmax({ inputs, attrs, backend }: Call): tf.TensorInfo[] {
  const { x } = inputs as Record<'x', tf.TensorInfo>;
  const { includeBatchInIndex } = attrs as unknown as tf.MaxPoolWithArgmaxAttrs;
  const pool = poolOf(x, attrs as unknown as PoolAttrs);
  const values = valuesOf(backend, x);
  const places = largest(values, pool);
  const pooled = taken(values, places);
  const image = values.length / pool.batch;
  const indexes = includeBatchInIndex ? places : places.map((place) => place % image);
  return [
    result(backend, pool.outShape, x.dtype, pooled),
    result(backend, pool.outShape, 'int32', indexes),
  ];
}

/** Each number of dy goes to the largest of its window. */
function maxPoolGrad({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { dy, input } = inputs as Record<'dy' | 'input', tf.TensorInfo>;
  const places = largest(valuesOf(backend, input), poolOf(input, attrs as unknown as PoolAttrs));
  const dx = new Float32Array(tf.util.sizeFromShape(input.shape));
  valuesOf(backend, dy).forEach((value, index) => {
    const place = places[index] ?? 0;
    dx[place] = (dx[place] ?? 0) + value;
  });
  return result(backend, input.shape, input.dtype, dx);
}

const kernels = {
  MaxPool3D: maxPool,
  MaxPoolWithArgmax: maxPoolWithArgmax,
  MaxPoolGrad: maxPoolGrad,
  MaxPool3DGrad: maxPoolGrad,
};

const twice = 'uniforms.filterDims.y * uniforms.filterDims.y';

/** A place in a window of three dimensions is counted with its height in the place of its width. */
const webgpuMaxPool3DGrad = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) =>
    withPrograms(
      call.backend,
      (program) =>
        rewrite(program, 'places', (code) =>
          code.replace(twice, 'uniforms.filterDims.y * uniforms.filterDims.z'),
        ),
      () => stock.kernelFunc(call),
    ),
});

/**
 * Stock, wasm looks for a window's largest number from the smallest positive one up, so that a window without any gives it, and its gradient goes to
 * the first number of the tensor. On cpu a window with a NaN has no gradient, and on cpu and webgpu that of a window of
 * three dimensions which is not a cube goes elsewhere. A NaN is no largest number on either.
 */
export function registerMaxPool(): void {
  for (const [name, kernelFunc] of Object.entries(kernels)) {
    for (const backendName of ['cpu', 'wasm']) {
      wrapKernel(name, backendName, (stock) => ({ ...stock, kernelFunc }));
    }
  }
  wrapKernel('MaxPool3DGrad', 'webgpu', webgpuMaxPool3DGrad);
  wrapKernel('MaxPool', 'cpu', (stock) => ({ ...stock, kernelFunc: maxPool }));
  // Stock has one of floats alone, in which a NaN is lost.
  wrapKernel('MaxPool', 'wasm', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const x = call.inputs['x'] as tf.TensorInfo;
      const isWhole = x.dtype === 'int32';
      return isWhole || mayHoldNaN(call.backend as tf.KernelBackend, x)
        ? maxPool(call)
        : stock.kernelFunc(call);
    },
  }));
}
