import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { runAddonOp } from '../../../tensorflow/addon.ts';
import { addonVersion } from '../../../tensorflow/version.ts';

type Version<I> = NativeVersion<I, Record<string, never>>;

export const softmaxTensorflow: Version<{ readonly x: Tensor }> = addonVersion(
  ({ inputs: { x } }) => runAddonOp('NeverendSoftmax', [x], 1),
);

export const softmaxGradTensorflow: Version<{ readonly dy: Tensor; readonly y: Tensor }> =
  addonVersion(({ inputs: { dy, y } }) => runAddonOp('NeverendSoftmaxGrad', [dy, y], 1));
