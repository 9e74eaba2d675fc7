import {
  checkNumber,
  checkOptions,
  checkTensor,
  defineKernel,
  type Kernel,
} from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { rmsNormCases } from './cases.ts';
import { rmsNormComposite } from './composite.ts';
import { rmsNormGrad } from './gradient.ts';
import { rmsNormTensorflow } from './kernels/tensorflow.ts';
import { rmsNormWasm } from './kernels/wasm.ts';
import { rmsNormWebgpu } from './kernels/webgpu.ts';
import type { RmsNormAttrs, RmsNormInputs } from './types.ts';

/**
 * Root-mean-square normalisation over the last axis (arXiv 1910.07467, equation 4):
 * (offset + scale) x / sqrt(mean(x²) + eps). The backward pass keeps x and one number a row.
 *
 * @param x `[..., D]`, float32. @param scale `[D]`. @param options `eps`: default 1e-6. `offset`: 0 (default)
 * for a scale that starts at one, 1 for one that starts at zero, as in Griffin and TRecViT.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for an `eps` that is negative or not finite, or an `offset` that is not finite.
 * @throws TypeError for an unknown option.
 */
export function rmsNorm(
  x: tf.Tensor,
  scale: tf.Tensor,
  options: { readonly eps?: number; readonly offset?: number } = {},
): tf.Tensor {
  checkOptions('rmsNorm', options, ['eps', 'offset']);
  const { eps = 1e-6, offset = 0 } = options;
  checkTensor('x', x, ['...', 'D']);
  checkTensor('scale', scale, [x.shape.at(-1) ?? 1]);
  checkNumber('eps', eps, 0);
  checkNumber('offset', offset);
  const [y, rstd] = rmsNormKernel.run({ x, scale }, { eps, offset }) as [tf.Tensor, tf.Tensor];
  rstd.dispose();
  return y;
}

const rmsNormKernel: Kernel<RmsNormInputs, RmsNormAttrs> = defineKernel<
  RmsNormInputs,
  RmsNormAttrs
>({
  name: 'NeverendRmsNorm',
  composite: ({ inputs, attrs }) => rmsNormComposite(inputs, attrs),
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
  cases: rmsNormCases,
  flops: ({ inputs: { x } }) => 5 * x.size,
});
