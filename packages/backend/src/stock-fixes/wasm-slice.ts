import * as tf from '@tensorflow/tfjs-core';
import { addressOf, memoryOf, type WasmBackend } from '../wasm/host.ts';
import { wrapKernel } from './registry.ts';

/** The part of x from `begin` on, copied stretch by stretch within the heap. */
function sliced(
  backend: WasmBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): tf.TensorInfo {
  const output = backend.makeOutput(size, x.dtype);
  // Only now: the output may have made the heap grow, and views of it void.
  const heap = new Uint8Array(memoryOf(backend).buffer);
  const strides = x.shape.map((_, axis) =>
    x.shape.slice(axis + 1).reduce((product, n) => product * n, x.dtype === 'bool' ? 1 : 4),
  );
  // The last axis that is not taken whole, and those after it, lie beside each other.
  const last = Math.max(
    0,
    x.shape.findLastIndex((n, axis) => size[axis] !== n),
  );
  const stretch = (size[last] ?? 1) * (strides[last] ?? 1);
  let to = addressOf(backend, output);
  const copy = (axis: number, before: number): void => {
    const from = before + (begin[axis] ?? 0) * (strides[axis] ?? 0);
    if (axis === last) {
      heap.copyWithin(to, from, from + stretch);
      to += stretch;
      return;
    }
    for (let i = 0; i < (size[axis] ?? 0); i++) copy(axis + 1, from + i * (strides[axis] ?? 0));
  };
  copy(0, addressOf(backend, x));
  return output;
}

type Slicer = (
  x: tf.TensorInfo,
  call: Parameters<tf.KernelFunc>[0],
) => tf.TensorInfo | tf.TensorInfo[];

/** Puts `slicer` in the place of a kernel for all tensors that lie in the heap. */
function wrap(name: string, input: string, slicer: Slicer): void {
  wrapKernel(name, 'wasm', (stock) => ({
    ...stock,
    kernelFunc: (call) => {
      const x = call.inputs[input] as tf.TensorInfo;
      return x.dtype === 'string' || x.shape.length === 0
        ? stock.kernelFunc(call)
        : slicer(x, call);
    },
  }));
}

/** Parts of x that follow each other along an axis. */
function parts(
  backend: WasmBackend,
  x: tf.TensorInfo,
  axis: number,
  sizes: readonly number[],
): tf.TensorInfo[] {
  let start = 0;
  return sizes.map((length) => {
    const begin = x.shape.map((_, at) => (at === axis ? start : 0));
    start += length;
    return sliced(
      backend,
      x,
      begin,
      x.shape.map((n, at) => (at === axis ? length : n)),
    );
  });
}

/**
 * Stock, a part of a tensor costs a copy of the whole out of the heap, on threads byte by byte: 200 ms for the last of 32 steps of
 * 10 million numbers.
 */
export function registerWasmSlice(): void {
  wrap('Slice', 'x', (x, { attrs, backend }) => {
    const { begin, size } = attrs as unknown as tf.SliceAttrs;
    const [first, sizes] = tf.slice_util.parseSliceParams(x as tf.Tensor, begin, size);
    return sliced(backend as WasmBackend, x, first as number[], sizes as number[]);
  });
  wrap('SplitV', 'x', (x, { attrs, backend }) => {
    const { numOrSizeSplits, axis } = attrs as unknown as tf.SplitVAttrs;
    const [at = 0] = tf.util.parseAxisParam(axis, [...x.shape]);
    const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, at);
    return parts(backend as WasmBackend, x, at, sizes);
  });
  wrap('Unpack', 'value', (x, { attrs, backend }) => {
    const { axis } = attrs as unknown as tf.UnpackAttrs;
    const at = axis < 0 ? axis + x.shape.length : axis;
    const shape = x.shape.filter((_, index) => index !== at);
    const sizes = new Array<number>(x.shape[at] ?? 0).fill(1);
    return parts(backend as WasmBackend, x, at, sizes).map((part) => ({ ...part, shape }));
  });
}
