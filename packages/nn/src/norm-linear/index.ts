import {
  checkNumber,
  checkObject,
  checkOneOf,
  checkOptions,
  checkTensor,
  defineKernel,
  described,
  type Kernel,
} from '@neverend/backend';
import { recordsGradients } from '@neverend/backend/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import { type LinearActivation, linearActivations } from '../linear/types.ts';
import { normLinearCases } from './cases.ts';
import { type Norm, normLinearComposite, normOptions, rmsOffset } from './composite.ts';
import { normLinearTensorflow } from './kernels/tensorflow.ts';
import type { NormLinearAttrs, NormLinearInputs } from './types.ts';

export { type Norm, normOf } from './composite.ts';

/** A linear layer, act(x W + b). */
export interface NormLinearLayer {
  /** W, `[D, E...]`. */
  readonly kernel: tf.Tensor;
  /** b, `[E...]`. */
  readonly bias: tf.Tensor;
  /** `gelu`: its tanh form. Default: `none`. */
  readonly activation?: LinearActivation;
}

/**
 * Linear layers of one normalised input, act(norm(x) W + b) each. Where no gradient is recorded, `tensorflow` has one kernel for all of it.
 *
 * @param x `[..., D]`, float32.
 * @returns `[..., E...]` of each layer, in their order; the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for an `eps` that is negative or not finite, another activation, and without a layer.
 */
export function normLinear(
  x: tf.Tensor,
  norm: Norm,
  layers: readonly NormLinearLayer[],
): tf.Tensor[] {
  checkOptions('norm', norm, normOptions);
  const { scale, bias, eps = 1e-6 } = norm;
  checkTensor('x', x, ['...', 'D']);
  const width = x.shape.at(-1) ?? 1;
  checkTensor('norm.scale', scale, [width]);
  if (bias !== undefined) checkTensor('norm.bias', bias, [width]);
  checkNumber('norm.eps', eps, 0);
  if (!Array.isArray(layers)) {
    throw new TypeError(`layers was ${described(layers)}; it must be a list of layers`);
  }
  if (layers.length === 0) throw new RangeError('layers was empty; it must have one at least');
  const named: Record<`kernel${number}` | `bias${number}`, tf.Tensor> = {};
  for (const [at, layer] of layers.entries()) {
    checkObject(`layers[${at}]`, layer, 'with kernel and bias');
    checkOneOf(`layers[${at}].activation`, layer.activation ?? 'none', linearActivations);
    checkTensor(`layers[${at}].bias`, layer.bias, ['...']);
    checkTensor(`layers[${at}].kernel`, layer.kernel, [width, ...layer.bias.shape]);
    named[`kernel${at}`] = layer.kernel;
    named[`bias${at}`] = layer.bias;
  }
  const inputs = { x, scale, shift: bias ?? scale, ...named };
  const attrs: NormLinearAttrs = {
    ...(bias === undefined ? { norm: 'rms', offset: rmsOffset } : { norm: 'layer', offset: 0 }),
    eps,
    gelus: layers.map(({ activation }) => Number(activation === 'gelu')),
  };
  return recordsGradients()
    ? normLinearComposite(inputs, attrs)
    : normLinearKernel.run(inputs, attrs);
}

const normLinearKernel: Kernel<NormLinearInputs, NormLinearAttrs> = defineKernel<
  NormLinearInputs,
  NormLinearAttrs
>({
  name: 'NeverendNormLinear',
  composite: ({ inputs, attrs }) => normLinearComposite(inputs, attrs),
  backendKernels: { tensorflow: normLinearTensorflow },
  code: import.meta.neverendCode,
  cases: normLinearCases,
  flops: ({ inputs, attrs }) => {
    const { x } = inputs;
    const width = x.shape.at(-1) ?? 1;
    const units = attrs.gelus.map((gelu, at) => {
      const { size } = inputs[`bias${at}`] as tf.Tensor;
      return size * (2 * width + (gelu === 1 ? 9 : 1));
    });
    const each = attrs.norm === 'layer' ? 8 : 5;
    return each * x.size + (x.size / width) * units.reduce((sum, flops) => sum + flops, 0);
  },
});
