import { defineKernel } from '@neverend/backend';
import { recordsGradients } from '@neverend/backend/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import { gatedRecurrenceCases } from './cases.ts';
import { gatedRecurrenceComposite } from './composite.ts';
import { gatedRecurrenceTensorflow } from './kernels/tensorflow.ts';
import { gatedRecurrenceWasm } from './kernels/wasm.ts';
import type { GatedRecurrenceAttrs, GatedRecurrenceInputs } from './types.ts';

/**
 * What is between the linear layers of a recurrent block (arXiv 2402.19427, section 2.3): the causal convolution over time, the
 * real-gated linear recurrent unit, and the product with `gate`. Where no gradient is recorded it is one kernel: the
 * convolution's and the gates' results are in no memory but the caches'. Shapes are not checked.
 *
 * @returns `y` of the shape of `x`, the state of the recurrence, and that of the convolution; all the caller's to dispose.
 */
export function gatedRecurrence(
  inputs: GatedRecurrenceInputs,
  attrs: GatedRecurrenceAttrs,
): { y: tf.Tensor; state: tf.Tensor; conv: tf.Tensor } {
  const outputs = recordsGradients()
    ? gatedRecurrenceComposite({ inputs, attrs })
    : gatedRecurrenceKernel.run(inputs, attrs);
  const [y, state, conv] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor];
  return { y, state, conv };
}

/** FLOPs for each number of `x`. */
export const recurrenceFlops = ({
  w,
  inputW,
}: Pick<GatedRecurrenceInputs, 'w' | 'inputW'>): number =>
  2 * (w.shape[0] ?? 1) + 4 * (inputW.shape[1] ?? 1) + 23;

const gatedRecurrenceKernel = defineKernel<GatedRecurrenceInputs, GatedRecurrenceAttrs>({
  name: 'NeverendGatedRecurrence',
  composite: gatedRecurrenceComposite,
  backendKernels: { wasm: gatedRecurrenceWasm, tensorflow: gatedRecurrenceTensorflow },
  code: import.meta.neverendCode,
  cases: gatedRecurrenceCases,
  flops: ({ inputs }) => inputs.x.size * recurrenceFlops(inputs),
});
