import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, type WasmBackend } from './host.ts';
import { type Kernels, kernelBinaries } from './kernels.generated.ts';
import { loadKernels } from './load-kernels.ts';

/** What a wasm version of a kernel needs: the compiled functions, addresses, and outputs. */
export interface WasmCall {
  readonly kernels: Kernels;
  /** Where a tensor's numbers start; an address stays right as long as the tensor lives. */
  readonly at: (tensor: TensorInfo) => number;
  readonly output: (shape: readonly number[]) => TensorInfo;
}

/** @param backend which must be the wasm backend. */
export function wasmCall(backend: KernelBackend): WasmCall {
  const wasm = backend as unknown as WasmBackend;
  return {
    kernels: loadKernels(wasm, kernelBinaries),
    at: (tensor) => addressOf(wasm, tensor),
    output: (shape) => wasm.makeOutput(shape, 'float32'),
  };
}

/** Rows and width of a tensor whose last axis is the width. */
export function rowsOf({ size, shape }: Tensor): { readonly rows: number; readonly width: number } {
  const width = shape.at(-1) ?? 1;
  return { rows: size / width, width };
}

/** Groups of four columns. */
export const groups = (width: number): number => Math.ceil(width / 4);
