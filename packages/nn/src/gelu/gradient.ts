import { defineKernel, type Kernel } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import {
  type GeluAttrs,
  geluForms,
  geluShapes,
  logisticCubic,
  logisticLinear,
  scaleOf,
} from './form.ts';
import { biasGeluGradTensorflow, geluGradTensorflow } from './kernels/tensorflow.ts';
import { biasGeluGradWasm, geluGradWasm } from './kernels/wasm.ts';
import { biasGeluGradWebgpu, geluGradWebgpu } from './kernels/webgpu.ts';

type Inputs = { readonly dy: tf.Tensor; readonly x: tf.Tensor };

/** `dy` times the slope of GELU at `x`; both of one shape. */
export const geluGrad: Kernel<Inputs, GeluAttrs> = defineKernel<Inputs, GeluAttrs>({
  name: 'NeverendGeluGrad',
  composite: ({ inputs: { dy, x }, attrs: { form } }) => [
    tf.mul(dy, form === 'tanh' ? tanhSlope(x) : erfSlope(x)),
  ],
  backendKernels: { webgpu: geluGradWebgpu, wasm: geluGradWasm, tensorflow: geluGradTensorflow },
  code: import.meta.neverendCode,
  cases: geluShapes.flatMap((shape) =>
    geluForms.map((form) =>
      randomCase({ dy: { shape }, x: { shape, scale: scaleOf(shape) } }, { form }),
    ),
  ),
  flops: ({ inputs: { x } }) => 12 * x.size,
});

type BiasInputs = Inputs & { readonly bias: tf.Tensor };

/** The gradients of GELU(x + bias) by `x` and by `bias` `[D]`, the sum of the former over all rows. */
export const biasGeluGrad: Kernel<BiasInputs, GeluAttrs> = defineKernel<BiasInputs, GeluAttrs>({
  name: 'NeverendBiasGeluGrad',
  composite: ({ inputs: { dy, x, bias }, attrs: { form } }) => {
    const sum = tf.add(x, bias);
    const dx = tf.mul(dy, form === 'tanh' ? tanhSlope(sum) : erfSlope(sum));
    return [dx, tf.sum(tf.reshape(dx, [-1, bias.size]), 0)];
  },
  backendKernels: {
    webgpu: biasGeluGradWebgpu,
    wasm: biasGeluGradWasm,
    tensorflow: biasGeluGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: geluShapes.flatMap((shape) =>
    geluForms.map((form) =>
      randomCase(
        { dy: { shape }, x: { shape, scale: scaleOf(shape) }, bias: { shape: shape.slice(-1) } },
        { form },
      ),
    ),
  ),
  flops: ({ inputs: { x } }) => 14 * x.size,
});

/** gate (1 + x (1 - gate) (linear + 3 cubic x²)). */
function tanhSlope(x: tf.Tensor): tf.Tensor {
  const square = tf.square(x);
  const gate = tf.sigmoid(tf.mul(x, tf.add(tf.mul(square, logisticCubic), logisticLinear)));
  const slope = tf.add(tf.mul(square, 3 * logisticCubic), logisticLinear);
  return tf.mul(gate, tf.add(tf.mul(tf.sub(x, tf.mul(x, gate)), slope), 1));
}

/** Φ(x) + x φ(x). */
function erfSlope(x: tf.Tensor): tf.Tensor {
  const distribution = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
  const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return tf.add(distribution, tf.mul(x, density));
}
