export { type BackendName, backendNames, type ChosenName } from './backend-name.ts';
export type {
  AbsentBackend,
  BackendOptions,
  BackendStatus,
  ReadyBackend,
  WasmFile,
  WasmPath,
} from './backends/types.ts';
export { checkFlag } from './check-flag.ts';
export { checkList } from './check-list.ts';
export { checkedSize, checkNumber, checkSizes } from './check-numbers.ts';
export { checkObject } from './check-object.ts';
export { checkOneOf } from './check-one-of.ts';
export { checkOptions } from './check-options.ts';
export { checkRoom, roomFor } from './check-room.ts';
export { checkTensor, checkTensorOf, checkVariable, type ShapePattern } from './check-tensor.ts';
export { described, isLive } from './described.ts';
export { BackendError, DTypeError, hasCode, NeverendError, ShapeError } from './errors.ts';
export { FlopCounter } from './flops/flop-counter.ts';
export { kernelFlops, type StockKernelCall } from './flops/kernel-flops.ts';
export {
  type BackendKernel,
  definedKernelFlops,
  defineKernel,
  isComparingKernels,
  type Kernel,
  type KernelAttrs,
  type KernelCall,
  type KernelCase,
  type KernelDefinition,
  type KernelGradient,
  type KernelInputs,
  type KernelMode,
  type KernelStatus,
  kernelMode,
  kernelStatuses,
  kernelsReady,
  setKernelMode,
} from './kernels/index.ts';
export { markEdited } from './mark-edited.ts';
export { keepPackedWeights, packedWeightsBytes } from './packed-weights.ts';
export { type BytesWatch, watchBytes, withPeakBytes } from './peak-bytes.ts';
export {
  checkKey,
  type RandomKey,
  randomBits,
  randomInt,
  randomKey,
  randomNormal,
  randomPermutation,
  randomUniform,
  subkey,
} from './random.ts';
export { remat } from './remat.ts';
export { registerStockFixes } from './stock-fixes/index.ts';
export { type BackendChoice, probeBackends, type Skipped, useBackend } from './use-backend.ts';
