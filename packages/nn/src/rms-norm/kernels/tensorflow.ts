import type { NativeVersion } from '@neverend/backend';
import { addonVersion, runAddonOp } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { RmsNormGradInputs } from '../gradient.ts';

export const rmsNormTensorflow: NativeVersion<
  { readonly x: tf.Tensor; readonly scale: tf.Tensor },
  { readonly eps: number; readonly offset: number }
> = addonVersion(({ inputs: { x, scale }, attrs: { eps, offset } }) =>
  tf.tidy(() => runAddonOp('NeverendRmsNorm', [x, tf.add(scale, offset)], 2, { epsilon: eps })),
);

export const rmsNormGradTensorflow: NativeVersion<RmsNormGradInputs, { readonly offset: number }> =
  addonVersion(({ inputs: { dy, x, scale, rstd }, attrs: { offset } }) =>
    tf.tidy(() => runAddonOp('NeverendRmsNormGrad', [dy, x, tf.add(scale, offset), rstd], 2)),
  );
