import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './composite.ts';
import { noGradient, replaceGradient, wrapKernel } from './registry.ts';

/** Up to here float32, in which webgpu computes with integers, knows every one. */
const mostRows = 2 ** 24;

/** A gather as one of rows: x is `[groups, length, width]`, and each group has `count` indices. */
interface GatherSizes {
  /** Batch times the axes between the batch and the gathered one. */
  readonly groups: number;
  readonly batch: number;
  readonly length: number;
  readonly width: number;
  readonly count: number;
  readonly outShape: number[];
}

type Attributes = {
  readonly axis: number;
  readonly batchDims: number;
};

/** The axes, counted from the front. */
function fromFront(
  { axis, batchDims }: Attributes,
  x: tf.TensorInfo,
  indices: tf.TensorInfo,
): Attributes {
  return {
    axis: tf.util.parseAxisParam(axis, [...x.shape])[0] ?? 0,
    batchDims: batchDims < 0 ? batchDims + indices.shape.length : batchDims,
  };
}

function gatherSizes(x: tf.TensorInfo, indices: tf.TensorInfo, attrs: Attributes): GatherSizes {
  const { axis, batchDims } = fromFront(attrs, x, indices);
  const info = tf.backend_util.segment_util.collectGatherOpShapeInfo(
    x as tf.Tensor,
    indices as tf.Tensor,
    axis,
    batchDims,
  );
  return {
    groups: info.batchSize * info.outerSize,
    batch: info.batchSize,
    length: info.dimSize,
    width: info.sliceSize,
    count: tf.util.sizeFromShape(indices.shape.slice(batchDims)),
    outShape: info.outputShape,
  };
}

/** Each row of dy is added to where it came from. */
function scatterBack(
  dy: tf.Tensor,
  x: tf.Tensor,
  indices: tf.Tensor,
  attrs: Attributes,
): tf.Tensor {
  const { groups, batch, length, width, count } = gatherSizes(x, indices, attrs);
  const rows = tf.reshape(dy, [groups, count, width]);
  const repeated = tf.broadcastTo(tf.reshape(indices, [batch, 1, count]), [
    ...[batch, groups / batch, count],
  ]);
  const columns = tf.reshape(repeated, [groups, count]);
  const atOnce = Math.max(1, Math.floor(mostRows / length));
  const parts = Array.from({ length: Math.ceil(groups / atOnce) }, (_, part) => {
    const from = part * atOnce;
    const some = Math.min(atOnce, groups - from);
    const starts = tf.range(0, some * length, length, 'int32');
    const places = tf.add(tf.slice(columns, from, some), tf.reshape(starts, [some, 1]));
    return tf.unsortedSegmentSum(
      tf.reshape(tf.slice(rows, from, some), [some * count, width]),
      tf.reshape(places, [some * count]),
      some * length,
    );
  });
  return tf.reshape(parts.length === 1 ? (parts[0] as tf.Tensor) : tf.concat(parts), x.shape);
}

const gradient: tf.GradConfig = {
  kernelName: 'GatherV2',
  inputsToSave: ['x', 'indices'],
  gradFunc: (dy, saved, attrs) => {
    const [x, indices] = saved as [tf.Tensor, tf.Tensor];
    return {
      x: () => scatterBack(dy as tf.Tensor, x, indices, attrs as unknown as Attributes),
      indices: noGradient(indices),
    };
  },
};

/** Copies rows within the heap. */
function gatherOnWasm(
  backend: WasmBackend,
  x: tf.TensorInfo,
  indices: tf.TensorInfo,
  attrs: Attributes,
): tf.TensorInfo {
  const { groups, batch, length, width, count, outShape } = gatherSizes(x, indices, attrs);
  const out = backend.makeOutput(outShape, x.dtype);
  const from = backend.typedArrayFromHeap(x);
  const to = backend.typedArrayFromHeap(out);
  const list = backend.typedArrayFromHeap(indices);
  for (const index of list) {
    tf.util.assert(
      index >= 0 && index < length,
      () => `GatherV2: the index value ${index} is not in [0, ${length - 1}]`,
    );
  }
  for (let group = 0; group < groups; group++) {
    const first = Math.floor((group * batch) / groups) * count;
    for (let k = 0; k < count; k++) {
      const source = (group * length + (list[first + k] ?? 0)) * width;
      const target = (group * count + k) * width;
      // A call costs as much as some copies.
      if (width > 16) to.set(from.subarray(source, source + width), target);
      else for (let j = 0; j < width; j++) to[target + j] = from[source + j] ?? 0;
    }
  }
  return out;
}

/** Stock TensorFlow counts neither axis nor batch from the end. */
const countedFromFront = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { x, indices } = call.inputs as Record<'x' | 'indices', tf.TensorInfo>;
    const attrs = fromFront(call.attrs as unknown as Attributes, x, indices);
    return stock.kernelFunc({ ...call, attrs: { ...attrs } });
  },
});

/**
 * Stock, the gradient takes the batch for one more axis, and the indices themselves are the gradient of the indices, which is refused for their
 * dtype, so that nothing can be gathered by indices that `topk` or `argMax` found. On wasm batches read beyond their indices.
 */
export function registerGather(): void {
  replaceGradient(gradient);
  for (const name of ['cpu', 'webgpu', 'webgl', 'tensorflow']) {
    wrapKernel('GatherV2', name, countedFromFront);
  }
  wrapKernel('GatherV2', 'wasm', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const { x, indices } = call.inputs as Record<'x' | 'indices', tf.TensorInfo>;
      if (x.dtype === 'string') return stock.kernelFunc(call);
      const attrs = call.attrs as unknown as Attributes;
      return gatherOnWasm(call.backend as WasmBackend, x, indices, attrs);
    },
  }));
}
