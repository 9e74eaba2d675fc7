import { defineKernel, type Kernel } from '@neverend/backend';
import { rmsNormGradCases } from './cases.ts';
import { rmsNormGradComposite } from './composite.ts';
import { rmsNormGradTensorflow } from './kernels/tensorflow.ts';
import { rmsNormGradWasm } from './kernels/wasm.ts';
import { rmsNormGradWebgpu } from './kernels/webgpu.ts';
import type { RmsNormGradAttrs, RmsNormGradInputs } from './types.ts';

/** The gradients of RMS norm by x and scale from the reciprocal root mean square `rstd` `[M]` of each row. */
export const rmsNormGrad: Kernel<RmsNormGradInputs, RmsNormGradAttrs> = defineKernel<
  RmsNormGradInputs,
  RmsNormGradAttrs
>({
  name: 'NeverendRmsNormGrad',
  composite: ({ inputs, attrs }) => rmsNormGradComposite(inputs, attrs),
  backendKernels: {
    webgpu: rmsNormGradWebgpu,
    wasm: rmsNormGradWasm,
    tensorflow: rmsNormGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: rmsNormGradCases,
  flops: ({ inputs: { x } }) => 9 * x.size,
});
