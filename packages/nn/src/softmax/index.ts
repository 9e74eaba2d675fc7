import { checkTensor, defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { softmaxCases } from './cases.ts';
import { softmaxComposite } from './composite.ts';
import { softmaxGrad } from './gradient.ts';
import { softmaxTensorflow } from './kernels/tensorflow.ts';
import { softmaxWasm } from './kernels/wasm.ts';
import { softmaxWebgpu } from './kernels/webgpu.ts';
import type { SoftmaxAttrs, SoftmaxInputs } from './types.ts';

/**
 * exp(x) / Σ exp(x) over the last axis, with the largest number of each row taken off first, so that nothing
 * overflows. The backward pass keeps the output alone.
 *
 * @param x `[..., D]`, float32. @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function softmax(x: tf.Tensor): tf.Tensor {
  checkTensor('x', x, ['...', 'D']);
  return softmaxKernel.run({ x }, {})[0] as tf.Tensor;
}

const softmaxKernel: Kernel<SoftmaxInputs, SoftmaxAttrs> = defineKernel<
  SoftmaxInputs,
  SoftmaxAttrs
>({
  name: 'NeverendSoftmax',
  composite: ({ inputs }) => [softmaxComposite(inputs)],
  gradient: {
    saveOutputs: [true],
    backward: ([dy], [y]) => ({
      x: () => softmaxGrad.run({ dy: dy as tf.Tensor, y: y as tf.Tensor }, {})[0] as tf.Tensor,
    }),
  },
  backendKernels: { webgpu: softmaxWebgpu, wasm: softmaxWasm, tensorflow: softmaxTensorflow },
  code: import.meta.neverendCode,
  cases: softmaxCases,
  flops: ({ inputs: { x } }) => 5 * x.size,
});
