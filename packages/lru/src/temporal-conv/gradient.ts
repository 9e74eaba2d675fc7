import { defineKernel, type Kernel } from '@neverend/backend';
import { convGradCases } from './cases.ts';
import { convGradComposite } from './composite.ts';
import { temporalConvGradTensorflow } from './kernels/tensorflow.ts';
import { temporalConvGradWasm } from './kernels/wasm.ts';
import { temporalConvGradWebgpu } from './kernels/webgpu.ts';
import type { ConvAttrs, ConvGradInputs } from './types.ts';

/** The gradients by x, w and b. */
export const temporalConvGrad: Kernel<ConvGradInputs, ConvAttrs> = defineKernel<
  ConvGradInputs,
  ConvAttrs
>({
  name: 'NeverendTemporalConvGrad',
  composite: convGradComposite,
  backendKernels: {
    wasm: temporalConvGradWasm,
    webgpu: temporalConvGradWebgpu,
    tensorflow: temporalConvGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: convGradCases,
  flops: ({ inputs: { dy, w } }) => 4 * dy.size * (w.shape[0] ?? 1) + dy.size,
});
