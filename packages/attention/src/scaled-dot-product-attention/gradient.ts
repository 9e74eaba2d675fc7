import { defineKernel, type Kernel } from '@neverend/backend';
import { attentionGradCases } from './cases.ts';
import { attentionGradComposite } from './composite.ts';
import { attentionGradTensorflow } from './kernels/tensorflow.ts';
import { attentionGradWasm } from './kernels/wasm.ts';
import { attentionGradWebgpu } from './kernels/webgpu.ts';
import { type AttentionAttrs, type AttentionGradInputs, attentionSizes } from './types.ts';

/** The gradients of attention by q, k and v; the weights are computed again from these. */
export const attentionGrad: Kernel<AttentionGradInputs, AttentionAttrs> = defineKernel<
  AttentionGradInputs,
  AttentionAttrs
>({
  name: 'NeverendAttentionGrad',
  composite: ({ inputs, attrs }) => attentionGradComposite(inputs, attrs),
  backendKernels: {
    wasm: attentionGradWasm,
    tensorflow: attentionGradTensorflow,
    webgpu: attentionGradWebgpu,
  },
  code: import.meta.neverendCode,
  cases: attentionGradCases,
  flops: ({ inputs }) => {
    const { rows, queries, keys, heads, depth, valueDepth } = attentionSizes(inputs);
    const perScore = 2 * (3 * depth + 2 * valueDepth) + 9;
    return rows * heads * queries * (keys * perScore + 2 * depth);
  },
});
