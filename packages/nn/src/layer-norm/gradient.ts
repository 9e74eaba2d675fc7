import { defineKernel, type Kernel } from '@neverend/backend';
import { layerNormGradCases } from './cases.ts';
import { layerNormGradComposite } from './composite.ts';
import { layerNormGradTensorflow } from './kernels/tensorflow.ts';
import { layerNormGradWasm } from './kernels/wasm.ts';
import { layerNormGradWebgpu } from './kernels/webgpu.ts';
import type { LayerNormGradAttrs, LayerNormGradInputs } from './types.ts';

/**
 * The gradients of layer norm by x, scale and bias from the `mean` and the reciprocal deviation `rstd` `[M]` of
 * each row.
 */
export const layerNormGrad: Kernel<LayerNormGradInputs, LayerNormGradAttrs> = defineKernel<
  LayerNormGradInputs,
  LayerNormGradAttrs
>({
  name: 'NeverendLayerNormGrad',
  composite: ({ inputs }) => layerNormGradComposite(inputs),
  backendKernels: {
    webgpu: layerNormGradWebgpu,
    wasm: layerNormGradWasm,
    tensorflow: layerNormGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: layerNormGradCases,
  flops: ({ inputs: { x } }) => 12 * x.size,
});
