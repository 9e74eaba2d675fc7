import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './composite.ts';
import { addKernel, replaceKernel } from './registry.ts';

interface CpuBackend {
  readSync(dataId: tf.DataId): tf.TypedArray;
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.TypedArray): tf.TensorInfo;
}

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

type Call = Parameters<tf.KernelFunc>[0];

function onWasm({ inputs, attrs, backend: anyBackend }: Call): tf.TensorInfo {
  const backend = anyBackend as WasmBackend;
  const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', tf.TensorInfo>;
  const out = backend.makeOutput(outShape(x, segmentIds, attrs), x.dtype);
  sumSegments(
    backend.typedArrayFromHeap(out).fill(0),
    backend.typedArrayFromHeap(x),
    backend.typedArrayFromHeap(segmentIds),
  );
  return out;
}

function onCpu({ inputs, attrs, backend: anyBackend }: Call): tf.TensorInfo {
  const backend = anyBackend as CpuBackend;
  const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', tf.TensorInfo>;
  const shape = outShape(x, segmentIds, attrs);
  const size = tf.util.sizeFromShape(shape);
  const out = x.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  sumSegments(out, backend.readSync(x.dataId), backend.readSync(segmentIds.dataId));
  return backend.makeTensorInfo(shape, x.dtype, out);
}

function outShape(x: tf.TensorInfo, segmentIds: tf.TensorInfo, attrs: unknown): number[] {
  const { numSegments } = attrs as tf.UnsortedSegmentSumAttrs;
  return [numSegments, ...x.shape.slice(segmentIds.shape.length)];
}

const kernelName = 'UnsortedSegmentSum';
const wasm: tf.KernelConfig = { kernelName, backendName: 'wasm', kernelFunc: onWasm };
const cpu: tf.KernelConfig = { kernelName, backendName: 'cpu', kernelFunc: onCpu };

/**
 * The gradient of `tf.gather` needs it. Stock, wasm has none, and cpu goes through all of x once for each segment, which is too slow for a
 * segment per row of a batch.
 */
export function registerUnsortedSegmentSum(): void {
  addKernel(wasm);
  replaceKernel(cpu);
}
