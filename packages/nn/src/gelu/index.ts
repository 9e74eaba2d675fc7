import {
  checkOneOf,
  checkOptions,
  checkTensor,
  defineKernel,
  type Kernel,
} from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { biasGeluCases, geluCases } from './cases.ts';
import { biasGeluComposite, geluComposite } from './composite.ts';
import { biasGeluGrad, geluGrad } from './gradient.ts';
import { biasGeluTensorflow, geluTensorflow } from './kernels/tensorflow.ts';
import { biasGeluWasm, geluWasm } from './kernels/wasm.ts';
import { biasGeluWebgpu, geluWebgpu } from './kernels/webgpu.ts';
import type { BiasGeluInputs, GeluAttrs, GeluForm, GeluInputs } from './types.ts';

/**
 * Gaussian error linear unit (arXiv 1606.08415, section 2): x Φ(x) with the distribution function Φ of the
 * standard normal, or its tanh form 0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³))), which is within 5e-4 of it.
 * With a bias it is GELU(x + bias) in one pass. The backward pass keeps the inputs alone.
 *
 * @param x `[..., D]`, float32. @param options `form`: which one; default `tanh`. `bias`: `[D]`, float32.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another `form`.
 * @throws TypeError for an unknown option.
 */
export function gelu(
  x: tf.Tensor,
  options: { readonly form?: GeluForm; readonly bias?: tf.Tensor } = {},
): tf.Tensor {
  checkOptions('gelu', options, ['form', 'bias']);
  const { form = 'tanh', bias } = options;
  checkOneOf('form', form, ['tanh', 'erf']);
  checkTensor('x', x, bias === undefined ? ['...'] : ['...', 'D']);
  if (bias === undefined) return geluKernel.run({ x }, { form })[0] as tf.Tensor;
  checkTensor('bias', bias, [x.shape.at(-1) ?? 1]);
  return biasGeluKernel.run({ x, bias }, { form })[0] as tf.Tensor;
}

const geluKernel: Kernel<GeluInputs, GeluAttrs> = defineKernel<GeluInputs, GeluAttrs>({
  name: 'NeverendGelu',
  composite: ({ inputs, attrs }) => [geluComposite(inputs, attrs)],
  gradient: {
    saveInputs: ['x'],
    backward: ([dy], [x], attrs) => ({
      x: () => geluGrad.run({ dy: dy as tf.Tensor, x: x as tf.Tensor }, attrs)[0] as tf.Tensor,
    }),
  },
  backendKernels: { webgpu: geluWebgpu, wasm: geluWasm, tensorflow: geluTensorflow },
  code: import.meta.neverendCode,
  cases: geluCases,
  flops: ({ inputs: { x } }) => 8 * x.size,
});

const biasGeluKernel: Kernel<BiasGeluInputs, GeluAttrs> = defineKernel<BiasGeluInputs, GeluAttrs>({
  name: 'NeverendBiasGelu',
  composite: ({ inputs, attrs }) => [biasGeluComposite(inputs, attrs)],
  gradient: {
    saveInputs: ['x', 'bias'],
    backward: ([dy], saved, attrs) => {
      const [x, bias] = saved as [tf.Tensor, tf.Tensor];
      const call = { dy: dy as tf.Tensor, x, bias };
      const [dx, dBias] = biasGeluGrad.run(call, attrs) as [tf.Tensor, tf.Tensor];
      return { x: () => dx, bias: () => dBias };
    },
  },
  backendKernels: { webgpu: biasGeluWebgpu, wasm: biasGeluWasm, tensorflow: biasGeluTensorflow },
  code: import.meta.neverendCode,
  cases: biasGeluCases,
  flops: ({ inputs: { x } }) => 9 * x.size,
});
