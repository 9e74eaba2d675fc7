import { defineKernel, type Kernel } from '@neverend/backend';
import { softmaxGradCases } from './cases.ts';
import { softmaxGradComposite } from './composite.ts';
import { softmaxGradTensorflow } from './kernels/tensorflow.ts';
import { softmaxGradWasm } from './kernels/wasm.ts';
import { softmaxGradWebgpu } from './kernels/webgpu.ts';
import type { SoftmaxAttrs, SoftmaxGradInputs } from './types.ts';

/** y (dy - Σ dy y) over the last axis: the gradient of `softmax` from its output, for composites that hold one. */
export const softmaxGrad: Kernel<SoftmaxGradInputs, SoftmaxAttrs> = defineKernel<
  SoftmaxGradInputs,
  SoftmaxAttrs
>({
  name: 'NeverendSoftmaxGrad',
  composite: ({ inputs }) => [softmaxGradComposite(inputs)],
  backendKernels: {
    webgpu: softmaxGradWebgpu,
    wasm: softmaxGradWasm,
    tensorflow: softmaxGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: softmaxGradCases,
  flops: ({ inputs: { y } }) => 4 * y.size,
});
