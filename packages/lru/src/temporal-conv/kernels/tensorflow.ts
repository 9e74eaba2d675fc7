import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { ConvAttrs, ConvGradInputs, ConvInputs } from '../types.ts';

export const temporalConvTensorflow: BackendKernel<ConvInputs, ConvAttrs> = addonKernel(
  owner,
  ({ inputs: { x, w, b, reset } }) => runAddonOp('NeverendTemporalConv', [x, w, b, reset], 1),
);

export const temporalConvGradTensorflow: BackendKernel<ConvGradInputs, ConvAttrs> = addonKernel(
  owner,
  ({ inputs: { dy, x, w, reset } }) => runAddonOp('NeverendTemporalConvGrad', [dy, x, w, reset], 3),
);
