import type { DataId, DataType, KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

/** The part of TensorFlow.js' WebGPU backend that kernels build on; `recordAndSubmit` is private in its types. */
export interface WebgpuBackend {
  readonly device: GPUDevice;
  readonly tensorMap: {
    /** `dtype` is that of the numbers in memory: a cast of int32 or bool to float32 leaves them as they are. */
    get(dataId: DataId): { values: unknown; resource?: unknown; dtype: DataType };
  };
  makeTensorInfo(shape: readonly number[], dtype: DataType, values?: Float32Array): TensorInfo;
  /** Whether stock kernels compute these small tensors in JavaScript. */
  shouldExecuteOnCPU(inputs: readonly TensorInfo[]): boolean;
  disposeData(dataId: DataId): boolean;
  incRef(dataId: DataId): void;
  uploadToGPU(dataId: DataId): void;
  /** Binds the output, the inputs and the uniforms in this order, and dispatches in the backend's own batch. */
  recordAndSubmit(
    program: {
      readonly pipeline: GPUComputePipeline;
      readonly dispatch: readonly [number, number, number];
    },
    output: TensorInfo,
    inputs: readonly TensorInfo[],
    uniforms: { readonly type: 'uint32' | 'float32'; readonly data: number[] }[],
  ): void;
}

export const asWebgpu = (backend: KernelBackend): WebgpuBackend =>
  backend as unknown as WebgpuBackend;

/** Whether a float32 tensor has integers in memory, as a cast of int32 or bool leaves them. */
export const isCast = (backend: WebgpuBackend, { dataId, dtype }: TensorInfo): boolean =>
  backend.tensorMap.get(dataId).dtype !== dtype;

/** A tensor that a kernel must write every element of: its memory is recycled and holds anything. */
export function makeOutput(
  backend: WebgpuBackend,
  shape: readonly number[],
  dtype: 'float32' | 'int32' | 'bool' = 'float32',
): TensorInfo {
  const empty = shape.includes(0);
  return backend.makeTensorInfo([...shape], dtype, empty ? new Float32Array(0) : undefined);
}
