import { defineKernel, type Kernel } from '@neverend/backend';
import { gateGradCases } from './cases.ts';
import { gatesGradComposite } from './composite.ts';
import { gatesGradTensorflow } from './kernels/tensorflow.ts';
import { gatesGradWasm } from './kernels/wasm.ts';
import { gatesGradWebgpu } from './kernels/webgpu.ts';
import type { GateGradInputs, NoAttrs } from './types.ts';

/** The gradients by x, inputGate, recurrenceGate and aParam. */
export const rgLruGatesGrad: Kernel<GateGradInputs, NoAttrs> = defineKernel<
  GateGradInputs,
  NoAttrs
>({
  name: 'NeverendRgLruGatesGrad',
  composite: gatesGradComposite,
  backendKernels: { wasm: gatesGradWasm, webgpu: gatesGradWebgpu, tensorflow: gatesGradTensorflow },
  code: import.meta.neverendCode,
  cases: gateGradCases,
  flops: ({ inputs: { x } }) => 32 * x.size,
});
