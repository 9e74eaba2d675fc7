/**
 * What versions of kernels need: those of `defineKernel` that are written for wasm, WebGPU or TensorFlow.
 *
 * @module
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Kernel } from './kernels/index.ts';
import { softmaxGrad as softmaxGradKernel } from './ops/softmax/gradient.ts';

export { writable } from './kernels/in-place.ts';
export { type Differentiable, withGradient } from './ops/own-gradient.ts';
export { type RandomInput, randomCase } from './ops/random-case.ts';
export { sumRows } from './ops/rows.ts';
export { markEdited } from './stock-fixes/mark-edited.ts';
export { runAddonOp } from './tensorflow/addon.ts';
export { addonVersion } from './tensorflow/version.ts';
export { blocksOf, groups, rowsOf, type WasmCall, wasmCall } from './wasm/call.ts';
export type { KernelBinaries } from './wasm/kernel-binaries.ts';
export { asWebgpu, makeOutput, type WebgpuBackend } from './webgpu/backend.ts';
export { type BufferAccess, dispatch, threads, type WgslProgram } from './webgpu/dispatch.ts';

/** y (dy - Σ dy y) over the last axis: the gradient of `softmax` from its output, for composites that hold one. */
export const softmaxGrad: Kernel<
  { readonly dy: Tensor; readonly y: Tensor },
  Record<string, never>
> = softmaxGradKernel;
