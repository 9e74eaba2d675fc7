import type * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './composite.ts';
import { addKernel } from './registry.ts';

const unsortedSegmentSum: tf.KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, attrs, backend: anyBackend }) => {
    const backend = anyBackend as WasmBackend;
    const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', tf.TensorInfo>;
    const { numSegments } = attrs as unknown as tf.UnsortedSegmentSumAttrs;
    const inner = x.shape.slice(segmentIds.shape.length);
    const output = backend.makeOutput([numSegments, ...inner], x.dtype);
    const width = inner.reduce((product, size) => product * size, 1);
    const values = backend.typedArrayFromHeap(x);
    const sums = backend.typedArrayFromHeap(output).fill(0);
    let source = 0;
    for (const segment of backend.typedArrayFromHeap(segmentIds)) {
      // Rows of other segments, negative ones among them, are left out.
      if (segment >= 0 && segment < numSegments)
        addRow(sums, segment * width, values, source, width);
      source += width;
    }
    return output;
  },
};

function addRow(
  sums: tf.TypedArray,
  to: number,
  values: tf.TypedArray,
  from: number,
  width: number,
): void {
  for (let j = 0; j < width; j++) sums[to + j] = (sums[to + j] ?? 0) + (values[from + j] ?? 0);
}

/** The gradient of `tf.gather` needs it. Stock TensorFlow.js has it on every backend but wasm. */
export function registerWasmUnsortedSegmentSum(): void {
  addKernel(unsortedSegmentSum);
}
