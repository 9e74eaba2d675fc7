import { checkTensor, defineKernel, type Kernel } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { softmaxGrad, softmaxShapes } from './gradient.ts';
import { softmaxTensorflow } from './kernels/tensorflow.ts';
import { softmaxWasm } from './kernels/wasm.ts';
import { softmaxWebgpu } from './kernels/webgpu.ts';

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

type Inputs = { readonly x: tf.Tensor };

const softmaxKernel: Kernel<Inputs, Record<string, never>> = defineKernel<
  Inputs,
  Record<string, never>
>({
  name: 'NeverendSoftmax',
  composite: ({ inputs: { x } }) => [composite(x)],
  gradient: {
    saveOutputs: [true],
    backward: ([dy], [y]) => ({
      x: () => softmaxGrad.run({ dy: dy as tf.Tensor, y: y as tf.Tensor }, {})[0] as tf.Tensor,
    }),
  },
  backendKernels: { webgpu: softmaxWebgpu, wasm: softmaxWasm, tensorflow: softmaxTensorflow },
  code: import.meta.neverendCode,
  cases: softmaxShapes.map((shape) => randomCase({ x: { shape, scale: 4 } }, {})),
  flops: ({ inputs: { x } }) => 5 * x.size,
});

function composite(x: tf.Tensor): tf.Tensor {
  const rows = x.size / (x.shape.at(-1) ?? 1);
  if (tf.getBackend() !== 'webgpu' || rows <= 65_535) return tf.softmax(x);
  // WebGPU's own then starts more workgroups than there are rows, and those spoil the last number.
  const powers = tf.exp(tf.sub(x, tf.max(x, -1, true)));
  return tf.div(powers, tf.sum(powers, -1, true));
}
