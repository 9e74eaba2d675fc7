import { defineKernel, type Kernel } from '@neverend/backend';
import { topPairsGradCases } from './cases.ts';
import { topPairsGradComposite } from './composite.ts';
import { topPairsGradTensorflow } from './kernels/tensorflow.ts';
import { topPairsGradWasm } from './kernels/wasm.ts';
import { topPairsGradWebgpu } from './kernels/webgpu.ts';
import type { TopPairsGradAttrs, TopPairsGradInputs } from './types.ts';

/** Sums go back to the two scores that they are of. */
export const topPairsGrad: Kernel<TopPairsGradInputs, TopPairsGradAttrs> = defineKernel<
  TopPairsGradInputs,
  TopPairsGradAttrs
>({
  name: 'NeverendTopPairsGrad',
  composite: ({ inputs, attrs }) => topPairsGradComposite(inputs, attrs),
  backendKernels: {
    wasm: topPairsGradWasm,
    webgpu: topPairsGradWebgpu,
    tensorflow: topPairsGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: topPairsGradCases,
  flops: ({ inputs: { dsums } }) => 2 * dsums.size,
});
