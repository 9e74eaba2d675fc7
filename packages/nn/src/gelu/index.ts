import { checkTensor, defineKernel, type Kernel } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import {
  type GeluAttrs,
  type GeluForm,
  geluForms,
  geluShapes,
  logisticCubic,
  logisticLinear,
  scaleOf,
} from './form.ts';
import { biasGeluGrad, geluGrad } from './gradient.ts';
import { biasGeluTensorflow, geluTensorflow } from './kernels/tensorflow.ts';
import { biasGeluWasm, geluWasm } from './kernels/wasm.ts';
import { biasGeluWebgpu, geluWebgpu } from './kernels/webgpu.ts';

/**
 * Gaussian error linear unit (arXiv 1606.08415, section 2): x Φ(x) with the distribution function Φ of the
 * standard normal, or its tanh form 0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³))), which is within 5e-4 of it.
 * With a bias it is GELU(x + bias) in one pass. The backward pass keeps the inputs alone.
 *
 * @param x `[..., D]`, float32. @param options `form`: which one; default `tanh`. `bias`: `[D]`, float32.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another `form`.
 */
export function gelu(
  x: tf.Tensor,
  options: { readonly form?: GeluForm; readonly bias?: tf.Tensor } = {},
): tf.Tensor {
  const { form = 'tanh', bias } = options;
  if (!geluForms.includes(form)) {
    throw new RangeError(`form was ${JSON.stringify(form)}; it must be "tanh" or "erf"`);
  }
  checkTensor('x', x, bias === undefined ? ['...'] : ['...', 'D']);
  if (bias === undefined) return geluKernel.run({ x }, { form })[0] as tf.Tensor;
  checkTensor('bias', bias, [x.shape.at(-1) ?? 1]);
  return biasGeluKernel.run({ x, bias }, { form })[0] as tf.Tensor;
}

type Inputs = { readonly x: tf.Tensor };

const geluKernel: Kernel<Inputs, GeluAttrs> = defineKernel<Inputs, GeluAttrs>({
  name: 'NeverendGelu',
  composite: ({ inputs: { x }, attrs: { form } }) => [composite(x, form)],
  gradient: {
    saveInputs: ['x'],
    backward: ([dy], [x], attrs) => ({
      x: () => geluGrad.run({ dy: dy as tf.Tensor, x: x as tf.Tensor }, attrs)[0] as tf.Tensor,
    }),
  },
  backendKernels: { webgpu: geluWebgpu, wasm: geluWasm, tensorflow: geluTensorflow },
  code: import.meta.neverendCode,
  cases: geluShapes.flatMap((shape) =>
    geluForms.map((form) => randomCase({ x: { shape, scale: scaleOf(shape) } }, { form })),
  ),
  flops: ({ inputs: { x } }) => 8 * x.size,
});

type BiasInputs = { readonly x: tf.Tensor; readonly bias: tf.Tensor };

const biasGeluKernel: Kernel<BiasInputs, GeluAttrs> = defineKernel<BiasInputs, GeluAttrs>({
  name: 'NeverendBiasGelu',
  composite: ({ inputs: { x, bias }, attrs: { form } }) => [composite(tf.add(x, bias), form)],
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
  cases: geluShapes.flatMap((shape) =>
    geluForms.map((form) =>
      randomCase(
        { x: { shape, scale: scaleOf(shape) }, bias: { shape: shape.slice(-1) } },
        { form },
      ),
    ),
  ),
  flops: ({ inputs: { x } }) => 9 * x.size,
});

function composite(x: tf.Tensor, form: GeluForm): tf.Tensor {
  const gate =
    form === 'tanh'
      ? tf.sigmoid(tf.mul(x, tf.add(tf.mul(tf.square(x), logisticCubic), logisticLinear)))
      : tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
  return tf.mul(x, gate);
}
