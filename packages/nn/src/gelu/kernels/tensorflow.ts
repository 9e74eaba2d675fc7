import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type {
  BiasGeluGradInputs,
  BiasGeluInputs,
  GeluAttrs,
  GeluGradInputs,
  GeluInputs,
} from '../types.ts';

/** The op with a bias takes one of length 0 for none. */
const noBias = (): tf.Tensor => tf.tensor1d([]);
const approximately = ({ form }: GeluAttrs) => ({ approximate: form === 'tanh' });

export const geluTensorflow: BackendKernel<GeluInputs, GeluAttrs> = addonKernel(
  owner,
  ({ inputs: { x }, attrs }) =>
    tf.tidy(() => runAddonOp('NeverendGelu', [x, noBias()], 1, approximately(attrs))),
);

export const biasGeluTensorflow: BackendKernel<BiasGeluInputs, GeluAttrs> = addonKernel(
  owner,
  ({ inputs: { x, bias }, attrs }) =>
    runAddonOp('NeverendGelu', [x, bias], 1, approximately(attrs)),
);

export const geluGradTensorflow: BackendKernel<GeluGradInputs, GeluAttrs> = addonKernel(
  owner,
  ({ inputs: { dy, x }, attrs }) =>
    tf.tidy(() =>
      runAddonOp('NeverendGeluGrad', [dy, x, noBias()], 2, approximately(attrs)).slice(0, 1),
    ),
);

export const biasGeluGradTensorflow: BackendKernel<BiasGeluGradInputs, GeluAttrs> = addonKernel(
  owner,
  ({ inputs: { dy, x, bias }, attrs }) =>
    runAddonOp('NeverendGeluGrad', [dy, x, bias], 2, approximately(attrs)),
);
