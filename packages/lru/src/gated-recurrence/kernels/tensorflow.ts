import type { BackendKernel } from '@neverend/backend';
import {
  addonKernel,
  heldAddonOutput,
  runAddonOp,
  withPackedWeights,
} from '@neverend/backend/kernels';
import type * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { GatedRecurrenceAttrs, GatedRecurrenceInputs } from '../types.ts';

export const gatedRecurrenceTensorflow: BackendKernel<GatedRecurrenceInputs, GatedRecurrenceAttrs> =
  addonKernel(owner, ({ inputs, attrs: { hasState, hasResets }, backend }) => {
    const { x, gate } = inputs;
    const attributes = { has_state: hasState, has_resets: hasResets };
    return withPackedGates(backend, inputs, (others) =>
      runAddonOp('NeverendGatedRecurrence', [x, gate, ...others], 3, attributes),
    );
  });

/** Runs with what the op takes behind `x` and `gate`. */
export function withPackedGates<T>(
  backend: tf.KernelBackend,
  inputs: Omit<GatedRecurrenceInputs, 'x' | 'gate'>,
  run: (others: readonly tf.TensorInfo[]) => T,
): T {
  const { w, b, inputW, inputB, recurrenceW, recurrenceB, aParam, conv, state, reset } = inputs;
  const weights = [inputW, recurrenceW, aParam];
  return withPackedWeights(
    backend,
    weights,
    'gates',
    () => heldAddonOutput('NeverendPackGates', weights),
    (packed) => run([w, b, packed, inputB, recurrenceB, conv, state, reset]),
  );
}
