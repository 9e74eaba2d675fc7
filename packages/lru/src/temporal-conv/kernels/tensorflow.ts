import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { Attrs, GradInputs, Inputs } from '../kernel.ts';

export const temporalConvTensorflow: BackendKernel<Inputs, Attrs> = addonKernel(
  owner,
  ({ inputs: { x, w, b, keep } }) => runAddonOp('NeverendTemporalConv', [x, w, b, keep], 1),
);

export const temporalConvGradTensorflow: BackendKernel<GradInputs, Attrs> = addonKernel(
  owner,
  ({ inputs: { dy, x, w, keep } }) => runAddonOp('NeverendTemporalConvGrad', [dy, x, w, keep], 3),
);
