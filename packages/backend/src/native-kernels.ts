/**
 * What backend kernels need: those of `defineKernel` that are written for wasm, WebGPU or TensorFlow.
 *
 * @module
 */

export { editedInPlace, writable } from './kernels/in-place.ts';
export { isGradientNested } from './kernels/nested-gradient.ts';
export { type RandomInput, randomCase } from './kernels/random-case.ts';
export { rowsOf } from './kernels/rows-of.ts';
export { markEdited } from './mark-edited.ts';
export { recordsGradients, withPackedWeights } from './packed-weights.ts';
export { withHeldBytes } from './peak-bytes.ts';
export {
  type AddonPackage,
  type AddonStatus,
  heldAddonOutput,
  loadAddon,
  runAddonOp,
} from './tensorflow/addon.ts';
export { addonKernel } from './tensorflow/addon-kernel.ts';
export { blocksOf, groups, type WasmCall, wasmCall } from './wasm/call.ts';
export type { KernelBinaries } from './wasm/kernel-binaries.ts';
export { asWebgpu, isCast, makeOutput, type WebgpuBackend } from './webgpu/backend.ts';
export { type ColumnTerms, columnSums } from './webgpu/column-sums.ts';
export { type BufferAccess, dispatch, threads, type WgslProgram } from './webgpu/dispatch.ts';
export { orderOfRows } from './webgpu/order-of-rows.ts';
export { powerWgsl } from './webgpu/power.ts';
export { type RowLayout, rowFunctions, rowLayout } from './webgpu/rows.ts';
export { type Differentiable, withGradient } from './with-gradient.ts';
