import { checkNumber, checkTensor, defineKernel, type Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { layerNormCases } from './cases.ts';
import { layerNormComposite } from './composite.ts';
import { layerNormGrad } from './gradient.ts';
import { layerNormTensorflow } from './kernels/tensorflow.ts';
import { layerNormWasm } from './kernels/wasm.ts';
import { layerNormWebgpu } from './kernels/webgpu.ts';
import type { LayerNormAttrs, LayerNormInputs } from './types.ts';

/**
 * Layer normalisation over the last axis (arXiv 1607.06450): scale (x - mean) / sqrt(variance + eps) + bias,
 * with the variance of the population. The backward pass keeps x and two numbers a row.
 *
 * @param x `[..., D]`, float32. @param scale `[D]`. @param bias `[D]`. @param eps as flax has it.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for an `eps` that is negative or not finite.
 */
export function layerNorm(
  x: tf.Tensor,
  scale: tf.Tensor,
  bias: tf.Tensor,
  eps: number = 1e-6,
): tf.Tensor {
  checkTensor('x', x, ['...', 'D']);
  const width = x.shape.at(-1) ?? 1;
  checkTensor('scale', scale, [width]);
  checkTensor('bias', bias, [width]);
  checkNumber('eps', eps, 0);
  const [y, mean, rstd] = layerNormKernel.run({ x, scale, bias }, { eps }) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  tf.dispose([mean, rstd]);
  return y;
}

const layerNormKernel: Kernel<LayerNormInputs, LayerNormAttrs> = defineKernel<
  LayerNormInputs,
  LayerNormAttrs
>({
  name: 'NeverendLayerNorm',
  composite: ({ inputs, attrs }) => layerNormComposite(inputs, attrs),
  gradient: {
    saveInputs: ['x', 'scale'],
    saveOutputs: [false, true, true],
    backward: ([dy], saved) => {
      const [x, scale, mean, rstd] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const call = { dy: dy as tf.Tensor, x, scale, mean, rstd };
      const [dx, dScale, dBias] = layerNormGrad.run(call, {}) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return { x: () => dx, scale: () => dScale, bias: () => dBias };
    },
  },
  backendKernels: { webgpu: layerNormWebgpu, wasm: layerNormWasm, tensorflow: layerNormTensorflow },
  code: import.meta.neverendCode,
  cases: layerNormCases,
  flops: ({ inputs: { x } }) => 8 * x.size,
});
