import { checkNumber, checkTensor, defineKernel, type Kernel } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { normShapes } from '../layer-norm/gradient.ts';
import { asRows } from '../rows.ts';
import { rmsNormGrad } from './gradient.ts';
import { rmsNormTensorflow } from './kernels/tensorflow.ts';
import { rmsNormWasm } from './kernels/wasm.ts';
import { rmsNormWebgpu } from './kernels/webgpu.ts';

/**
 * Root-mean-square normalisation over the last axis (arXiv 1910.07467, equation 4):
 * (offset + scale) x / sqrt(mean(x²) + eps). The backward pass keeps x and one number a row.
 *
 * @param x `[..., D]`, float32. @param scale `[D]`. @param options `eps`: default 1e-6. `offset`: 0 (default)
 * for a scale that starts at one, 1 for one that starts at zero, as in Griffin and TRecViT.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for an `eps` that is negative or not finite.
 */
export function rmsNorm(
  x: tf.Tensor,
  scale: tf.Tensor,
  { eps = 1e-6, offset = 0 }: { readonly eps?: number; readonly offset?: number } = {},
): tf.Tensor {
  checkTensor('x', x, ['...', 'D']);
  checkTensor('scale', scale, [x.shape.at(-1) ?? 1]);
  checkNumber('eps', eps, 0);
  const [y, rstd] = rmsNormKernel.run({ x, scale }, { eps, offset }) as [tf.Tensor, tf.Tensor];
  rstd.dispose();
  return y;
}

type Inputs = { readonly x: tf.Tensor; readonly scale: tf.Tensor };
type Attrs = { readonly eps: number; readonly offset: number };

const rmsNormKernel: Kernel<Inputs, Attrs> = defineKernel<Inputs, Attrs>({
  name: 'NeverendRmsNorm',
  composite: ({ inputs: { x, scale }, attrs: { eps, offset } }) => {
    const rows = asRows(x);
    const rstd = tf.rsqrt(tf.add(tf.mean(tf.square(rows), 1, true), eps));
    const y = tf.mul(tf.mul(rows, rstd), tf.add(scale, offset));
    return [tf.reshape(y, x.shape), tf.reshape(rstd, [-1])];
  },
  gradient: {
    saveInputs: ['x', 'scale'],
    saveOutputs: [false, true],
    backward: ([dy], saved, { offset }) => {
      const [x, scale, rstd] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const call = { dy: dy as tf.Tensor, x, scale, rstd };
      const [dx, dScale] = rmsNormGrad.run(call, { offset }) as [tf.Tensor, tf.Tensor];
      return { x: () => dx, scale: () => dScale };
    },
  },
  backendKernels: { webgpu: rmsNormWebgpu, wasm: rmsNormWasm, tensorflow: rmsNormTensorflow },
  code: import.meta.neverendCode,
  cases: normShapes.map((shape) =>
    randomCase({ x: { shape }, scale: { shape: shape.slice(-1) } }, { eps: 1e-6, offset: 1 }),
  ),
  flops: ({ inputs: { x } }) => 5 * x.size,
});
