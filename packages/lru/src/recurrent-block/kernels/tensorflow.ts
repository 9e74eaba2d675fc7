import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp, withHeldBytes } from '@neverend/backend/kernels';
import { whyWithoutLinearOps, withPackedLayers } from '@neverend/nn';
import owner from '../../../package.json' with { type: 'json' };
import { withPackedGates } from '../../gated-recurrence/kernels/tensorflow.ts';
import type { RecurrentBlockAttrs, RecurrentBlockInputs } from '../types.ts';

/** The block as one op, which runs those of its parts. */
export const recurrentBlockTensorflow: BackendKernel<RecurrentBlockInputs, RecurrentBlockAttrs> =
  addonKernel(
    owner,
    ({ inputs, attrs: { eps, hasState, hasResets }, backend }) => {
      const { x, scale, yKernel, yBias, xKernel, xBias, outKernel, outBias } = inputs;
      const linear = [
        { kernel: yKernel, bias: yBias },
        { kernel: xKernel, bias: xBias },
        { kernel: outKernel, bias: outBias },
      ];
      const wide = (x.size / scale.size) * xBias.size;
      // What the first layers give and what the recurrence makes of it, or that alone, beside the output.
      const held = Math.max(3 * wide - x.size, wide);
      const attributes = { epsilon: eps, has_state: hasState, has_resets: hasResets };
      return withPackedLayers(backend, linear, (layers) =>
        withPackedGates(backend, inputs, (ofRecurrence) =>
          withHeldBytes(4 * held, () =>
            runAddonOp(
              'NeverendRecurrentBlock',
              [x, scale, ...layers, ...ofRecurrence],
              3,
              attributes,
            ),
          ),
        ),
      );
    },
    whyWithoutLinearOps,
  );
