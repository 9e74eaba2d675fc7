import type { KernelCall } from '@neverend/backend';
import { linear, normLinear } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { gatedRecurrence } from '../gated-recurrence/index.ts';
import type { RecurrentBlockAttrs, RecurrentBlockInputs } from './types.ts';

/** x plus the block of RMSNorm(x), the state of the recurrence and that of the convolution, with a gradient. */
export function recurrentBlockComposite({
  inputs,
  attrs: { eps, hasState, hasResets },
}: KernelCall<RecurrentBlockInputs, RecurrentBlockAttrs>): tf.Tensor[] {
  const { x, scale, yKernel, yBias, xKernel, xBias, outKernel, outBias, ...ofRecurrence } = inputs;
  return tf.tidy(() => {
    const [gate, wide] = normLinear(x, { scale, eps }, [
      { kernel: yKernel, bias: yBias, activation: 'gelu' },
      { kernel: xKernel, bias: xBias },
    ]) as [tf.Tensor, tf.Tensor];
    const mixed = gatedRecurrence({ ...ofRecurrence, x: wide, gate }, { hasState, hasResets });
    return [linear(mixed.y, outKernel, outBias, { residual: x }), mixed.state, mixed.conv];
  });
}
