import type { NativeVersion } from '@neverend/backend';
import { addonVersion, runAddonOp } from '@neverend/backend/kernels';
import type { Attrs, GradInputs, Inputs } from '../kernel.ts';

export const temporalConvTensorflow: NativeVersion<Inputs, Attrs> = addonVersion(
  ({ inputs: { x, w, b, keep } }) => runAddonOp('NeverendTemporalConv', [x, w, b, keep], 1),
);

export const temporalConvGradTensorflow: NativeVersion<GradInputs, Attrs> = addonVersion(
  ({ inputs: { dy, x, w, keep } }) => runAddonOp('NeverendTemporalConvGrad', [dy, x, w, keep], 3),
);
