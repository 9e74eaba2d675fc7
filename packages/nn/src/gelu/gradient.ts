import { defineKernel, type Kernel } from '@neverend/backend';
import { biasGeluGradCases, geluGradCases } from './cases.ts';
import { biasGeluGradComposite, geluGradComposite } from './composite.ts';
import { biasGeluGradTensorflow, geluGradTensorflow } from './kernels/tensorflow.ts';
import { biasGeluGradWasm, geluGradWasm } from './kernels/wasm.ts';
import { biasGeluGradWebgpu, geluGradWebgpu } from './kernels/webgpu.ts';
import type { BiasGeluGradInputs, GeluAttrs, GeluGradInputs } from './types.ts';

/** `dy` times the slope of GELU at `x`; both of one shape. */
export const geluGrad: Kernel<GeluGradInputs, GeluAttrs> = defineKernel<GeluGradInputs, GeluAttrs>({
  name: 'NeverendGeluGrad',
  composite: ({ inputs, attrs }) => [geluGradComposite(inputs, attrs)],
  backendKernels: { webgpu: geluGradWebgpu, wasm: geluGradWasm, tensorflow: geluGradTensorflow },
  code: import.meta.neverendCode,
  cases: geluGradCases,
  flops: ({ inputs: { x } }) => 12 * x.size,
});

/** The gradients of GELU(x + bias) by `x` and by `bias` `[D]`, the sum of the former over all rows. */
export const biasGeluGrad: Kernel<BiasGeluGradInputs, GeluAttrs> = defineKernel<
  BiasGeluGradInputs,
  GeluAttrs
>({
  name: 'NeverendBiasGeluGrad',
  composite: ({ inputs, attrs }) => biasGeluGradComposite(inputs, attrs),
  backendKernels: {
    webgpu: biasGeluGradWebgpu,
    wasm: biasGeluGradWasm,
    tensorflow: biasGeluGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: biasGeluGradCases,
  flops: ({ inputs: { x } }) => 14 * x.size,
});
