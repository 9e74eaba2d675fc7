import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { RmsNormAttrs, RmsNormGradAttrs, RmsNormGradInputs, RmsNormInputs } from '../types.ts';

export const rmsNormTensorflow: BackendKernel<RmsNormInputs, RmsNormAttrs> = addonKernel(
  owner,
  ({ inputs: { x, scale }, attrs: { eps, offset } }) =>
    tf.tidy(() => runAddonOp('NeverendRmsNorm', [x, tf.add(scale, offset)], 2, { epsilon: eps })),
);

export const rmsNormGradTensorflow: BackendKernel<RmsNormGradInputs, RmsNormGradAttrs> =
  addonKernel(owner, ({ inputs: { dy, x, scale, rstd }, attrs: { offset } }) =>
    tf.tidy(() => runAddonOp('NeverendRmsNormGrad', [dy, x, tf.add(scale, offset), rstd], 2)),
  );
