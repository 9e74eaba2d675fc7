import type { NativeVersion } from '@neverend/backend';
import { addonVersion, runAddonOp } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';

type Version<I> = NativeVersion<I, Record<string, never>>;

export const softmaxTensorflow: Version<{ readonly x: Tensor }> = addonVersion(
  ({ inputs: { x } }) => runAddonOp('NeverendSoftmax', [x], 1),
);

export const softmaxGradTensorflow: Version<{ readonly dy: Tensor; readonly y: Tensor }> =
  addonVersion(({ inputs: { dy, y } }) => runAddonOp('NeverendSoftmaxGrad', [dy, y], 1));
