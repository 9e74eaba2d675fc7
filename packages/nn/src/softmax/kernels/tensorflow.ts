import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { SoftmaxAttrs, SoftmaxGradInputs, SoftmaxInputs } from '../types.ts';

export const softmaxTensorflow: BackendKernel<SoftmaxInputs, SoftmaxAttrs> = addonKernel(
  owner,
  ({ inputs: { x } }) => runAddonOp('NeverendSoftmax', [x], 1),
);

export const softmaxGradTensorflow: BackendKernel<SoftmaxGradInputs, SoftmaxAttrs> = addonKernel(
  owner,
  ({ inputs: { dy, y } }) => runAddonOp('NeverendSoftmaxGrad', [dy, y], 1),
);
