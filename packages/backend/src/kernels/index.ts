export {
  definedKernelFlops,
  defineKernel,
  type Kernel,
  kernelStatuses,
  kernelsReady,
} from './define-kernel.ts';
export { type KernelMode, kernelMode, setKernelMode } from './kernel-mode.ts';
export { isComparingKernels } from './self-test.ts';
export type {
  BackendKernel,
  KernelAttrs,
  KernelCall,
  KernelCase,
  KernelDefinition,
  KernelGradient,
  KernelInputs,
  KernelStatus,
} from './types.ts';
