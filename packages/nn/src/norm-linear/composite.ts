import { checkOptions } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { layerNorm } from '../layer-norm/index.ts';
import { linear } from '../linear/index.ts';
import { rmsNorm } from '../rms-norm/index.ts';
import { layersOf, type NormLinearAttrs, type NormLinearInputs } from './types.ts';

/** A norm over the last axis: `layerNorm` where it has a bias, `rmsNorm` with an offset of 1 where it has none. */
export interface Norm {
  /** `[D]`. */
  readonly scale: tf.Tensor;
  /** `[D]`. */
  readonly bias?: tf.Tensor | undefined;
  /** Default: 1e-6. */
  readonly eps?: number | undefined;
}

/** The names of its parts. */
export const normOptions = ['scale', 'bias', 'eps'] as const;

/** What is added to the scale of an RMS norm. */
export const rmsOffset = 1;

/** The norm alone. @param x `[..., D]`. @returns the shape of `x`, the caller's to dispose. @throws as `layerNorm` and `rmsNorm` do. */
export function normOf(x: tf.Tensor, norm: Norm): tf.Tensor {
  checkOptions('norm', norm, normOptions);
  const { scale, bias, eps = 1e-6 } = norm;
  return bias === undefined
    ? rmsNorm(x, scale, { eps, offset: rmsOffset })
    : layerNorm(x, scale, bias, eps);
}

/** act(norm(x) W + b) of each layer. */
export function normLinearComposite(inputs: NormLinearInputs, attrs: NormLinearAttrs): tf.Tensor[] {
  const { x, scale, shift } = inputs;
  const { norm, eps } = attrs;
  return tf.tidy(() => {
    const normed = normOf(x, norm === 'layer' ? { scale, bias: shift, eps } : { scale, eps });
    return layersOf(inputs, attrs).map(({ kernel, bias, gelu }) =>
      linear(normed, kernel, bias, { activation: gelu ? 'gelu' : 'none' }),
    );
  });
}
