import type * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from './composite.ts';

interface CpuBackend {
  readSync(dataId: tf.DataId): tf.TypedArray;
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.TypedArray): tf.TensorInfo;
}

const isWasm = (backend: object): backend is WasmBackend => 'typedArrayFromHeap' in backend;

/** The numbers of a tensor of the cpu or the wasm backend. On wasm a view of the heap, which the next tensor may detach. */
export function valuesOf(backend: unknown, info: tf.TensorInfo): tf.TypedArray {
  const host = backend as CpuBackend | WasmBackend;
  return isWasm(host) ? host.typedArrayFromHeap(info) : host.readSync(info.dataId);
}

/** A tensor of the cpu or the wasm backend with these numbers. */
export function result(
  backend: unknown,
  shape: number[],
  dtype: tf.DataType,
  values: Float32Array | Int32Array,
): tf.TensorInfo {
  const host = backend as CpuBackend | WasmBackend;
  if (!isWasm(host)) {
    const own = dtype === 'int32' ? Int32Array.from(values) : values;
    return host.makeTensorInfo(shape, dtype, own);
  }
  const info = host.makeOutput(shape, dtype);
  host.typedArrayFromHeap(info).set(values);
  return info;
}
