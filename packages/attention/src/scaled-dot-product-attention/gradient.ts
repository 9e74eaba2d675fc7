import { defineKernel, type Kernel } from '@neverend/backend';
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  type AttentionAttrs,
  type AttentionInputs,
  attentionCases,
  attentionSizes,
} from './attrs.ts';
import { attentionGradComposite } from './composite.ts';
import { attentionGradTensorflow } from './kernels/tensorflow.ts';
import { attentionGradWasm } from './kernels/wasm.ts';
import { attentionGradWebgpu } from './kernels/webgpu.ts';

export type AttentionGradInputs = AttentionInputs & {
  /** `[rows, M, H, e]`. */
  readonly dy: Tensor;
};

/** The gradients of attention by q, k and v; the weights are computed again from these. */
export const attentionGrad: Kernel<AttentionGradInputs, AttentionAttrs> = defineKernel<
  AttentionGradInputs,
  AttentionAttrs
>({
  name: 'NeverendAttentionGrad',
  composite: ({ inputs: { dy, ...inputs }, attrs }) => attentionGradComposite(inputs, dy, attrs),
  backendKernels: {
    wasm: attentionGradWasm,
    tensorflow: attentionGradTensorflow,
    webgpu: attentionGradWebgpu,
  },
  code: import.meta.neverendCode,
  cases: attentionCases(({ rows, queries, heads, valueDepth }) => ({
    dy: { shape: [rows, queries, heads, valueDepth] },
  })),
  flops: ({ inputs }) => {
    const { rows, queries, keys, heads, depth, valueDepth } = attentionSizes(inputs);
    const perScore = 2 * (3 * depth + 2 * valueDepth) + 9;
    return rows * heads * queries * (keys * perScore + 2 * depth);
  },
});
