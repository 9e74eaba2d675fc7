import type { BackendKernel } from '@neverend/backend';
import {
  addonKernel,
  heldAddonOutput,
  runAddonOp,
  withPackedWeights,
} from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { GatedRecurrenceAttrs, GatedRecurrenceInputs } from '../types.ts';

export const gatedRecurrenceTensorflow: BackendKernel<GatedRecurrenceInputs, GatedRecurrenceAttrs> =
  addonKernel(owner, ({ inputs, attrs: { hasState, hasResets }, backend }) => {
    const { x, gate, w, b, inputW, inputB, recurrenceW, recurrenceB, aParam } = inputs;
    const weights = [inputW, recurrenceW, aParam];
    return withPackedWeights(
      backend,
      weights,
      'gates',
      () => heldAddonOutput('NeverendPackGates', weights),
      (packed) => {
        const before = [inputs.conv, inputs.state, inputs.reset];
        const tensors = [x, gate, w, b, packed, inputB, recurrenceB, ...before];
        const attributes = { has_state: hasState, has_resets: hasResets };
        return runAddonOp('NeverendGatedRecurrence', tensors, 3, attributes);
      },
    );
  });
