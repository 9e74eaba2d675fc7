import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };

type Version<I> = BackendKernel<I, Record<string, never>>;

export const softmaxTensorflow: Version<{ readonly x: Tensor }> = addonKernel(
  owner,
  ({ inputs: { x } }) => runAddonOp('NeverendSoftmax', [x], 1),
);

export const softmaxGradTensorflow: Version<{ readonly dy: Tensor; readonly y: Tensor }> =
  addonKernel(owner, ({ inputs: { dy, y } }) => runAddonOp('NeverendSoftmaxGrad', [dy, y], 1));
