import { defineKernel, type Kernel } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { softmaxGradTensorflow } from './kernels/tensorflow.ts';
import { softmaxGradWasm } from './kernels/wasm.ts';
import { softmaxGradWebgpu } from './kernels/webgpu.ts';

/** The output of `softmax` and its gradient, of one shape. */
export type SoftmaxGradInputs = { readonly dy: tf.Tensor; readonly y: tf.Tensor };

/** Shapes that a kernel for softmax must agree with its composite on. */
export const softmaxShapes: readonly (readonly number[])[] = [
  [1],
  [7],
  [3, 1],
  [5, 197],
  [2, 3, 66],
  [65_537, 3],
];

/** y (dy - Σ dy y) over the last axis: the gradient of `softmax` from its output, for composites that hold one. */
export const softmaxGrad: Kernel<SoftmaxGradInputs, Record<string, never>> = defineKernel<
  SoftmaxGradInputs,
  Record<string, never>
>({
  name: 'NeverendSoftmaxGrad',
  composite: ({ inputs: { dy, y } }) => {
    const product = tf.mul(dy, y);
    return [tf.sub(product, tf.mul(y, tf.sum(product, -1, true)))];
  },
  backendKernels: {
    webgpu: softmaxGradWebgpu,
    wasm: softmaxGradWasm,
    tensorflow: softmaxGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: softmaxShapes.map((shape) => randomCase({ dy: { shape }, y: { shape } }, {})),
  flops: ({ inputs: { y } }) => 4 * y.size,
});
