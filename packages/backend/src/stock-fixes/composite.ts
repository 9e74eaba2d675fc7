import * as tf from '@tensorflow/tfjs-core';

/** What kernels of every TensorFlow.js backend may do. */
interface Backend {
  disposeData(dataId: tf.DataId): boolean;
}

/** The part of TensorFlow.js' wasm backend that kernels use. */
export interface WasmBackend extends Backend {
  /** A tensor whose memory holds what was there before. */
  makeOutput(shape: readonly number[], dtype: tf.DataType): tf.TensorInfo;
  /** A view of the heap, which the next allocation may detach. */
  typedArrayFromHeap(info: tf.TensorInfo): tf.TypedArray;
}

/** Runs a kernel of the same backend. What it gives belongs to the composite, which disposes it. */
export type RunStock = (
  kernelName: string,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attrs?: tf.NamedAttrMap,
) => tf.TensorInfo;

/**
 * A kernel out of other kernels of a backend. They are called as functions and not through the
 * engine, for which the whole is one kernel call.
 *
 * @returns what `work` returns, which must have come from `runStock`; all else that came from there is disposed.
 */
export function composite(
  backend: Backend,
  backendName: string,
  work: (runStock: RunStock) => tf.TensorInfo,
): tf.TensorInfo {
  const made: tf.TensorInfo[] = [];
  const runStock: RunStock = (kernelName, inputs, attrs = {}) => {
    const kernel: tf.KernelConfig | undefined = tf.getKernel(kernelName, backendName);
    if (kernel === undefined) {
      throw new Error(`the backend ${backendName} has no kernel ${kernelName}`);
    }
    const info = kernel.kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
    made.push(info);
    return info;
  };
  let result: tf.TensorInfo | undefined;
  try {
    result = work(runStock);
    return result;
  } finally {
    for (const info of made) {
      if (info !== result) dispose(backend, info);
    }
  }
}

/** Disposes what a kernel made, which on tensorflow is a tensor. */
export function dispose(backend: Backend, info: tf.TensorInfo): void {
  if (info instanceof tf.Tensor) info.dispose();
  else backend.disposeData(info.dataId);
}
