/**
 * What versions of kernels need: those of `defineKernel` that are written for wasm, WebGPU or TensorFlow.
 *
 * @module
 */
export { writable } from './kernels/in-place.ts';
export { type RandomInput, randomCase } from './ops/random-case.ts';
export { softmaxGrad } from './ops/softmax/gradient.ts';
export { markEdited } from './stock-fixes/mark-edited.ts';
export { runAddonOp } from './tensorflow/addon.ts';
export { addonVersion } from './tensorflow/version.ts';
export { groups, rowsOf, type WasmCall, wasmCall } from './wasm/call.ts';
export type { KernelBinaries } from './wasm/kernel-binaries.ts';
export { asWebgpu, makeOutput, type WebgpuBackend } from './webgpu/backend.ts';
export { type BufferAccess, dispatch, threads, type WgslProgram } from './webgpu/dispatch.ts';
