import * as tf from '@tensorflow/tfjs-core';
import { DTypeError } from '../errors.ts';
import { addKernel, wrapKernel } from './registry.ts';
import { result, valuesOf } from './values.ts';

/** Adds each row of `values` to the one of `out`, which holds zeros, that its segment says. */
function sumSegments(out: tf.TypedArray, values: tf.TypedArray, segments: tf.TypedArray): void {
  const width = values.length / segments.length;
  // A segment of many rows would lose digits in float32.
  const isLong = out.length <= values.length;
  const sums = isLong ? new Float64Array(out.length) : out;
  let source = 0;
  for (const segment of segments) {
    const to = segment * width;
    // Rows of other segments, negative ones among them, are left out.
    if (to >= 0 && to < out.length) addRow(sums, to, values, source, width);
    source += width;
  }
  if (isLong) out.set(sums);
}

function addRow(
  sums: tf.TypedArray | Float64Array,
  to: number,
  values: tf.TypedArray,
  from: number,
  width: number,
): void {
  for (let j = 0; j < width; j++) sums[to + j] = (sums[to + j] ?? 0) + (values[from + j] ?? 0);
}

function unsortedSegmentSum({
  inputs,
  attrs,
  backend,
}: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', tf.TensorInfo>;
  if (x.dtype === 'complex64') {
    throw new DTypeError(
      'x of unsortedSegmentSum was complex64; it must be float32, int32 or bool',
    );
  }
  const { numSegments } = attrs as unknown as tf.UnsortedSegmentSumAttrs;
  const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
  const size = tf.util.sizeFromShape(shape);
  const out = x.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  sumSegments(out, valuesOf(backend, x), valuesOf(backend, segmentIds));
  return result(backend, shape, x.dtype, out);
}

const wasm: tf.KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: unsortedSegmentSum,
};

/**
 * The gradient of `tf.gather` needs it. Stock, wasm has none, and cpu goes through all of x once for each segment, which is too slow for a
 * segment per row of a batch.
 */
export function registerUnsortedSegmentSum(): void {
  addKernel(wasm);
  wrapKernel('UnsortedSegmentSum', 'cpu', (stock) => ({
    ...stock,
    kernelFunc: unsortedSegmentSum,
  }));
}
