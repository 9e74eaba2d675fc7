import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { GeluAttrs } from '../form.ts';

type Version<I> = BackendKernel<I, GeluAttrs>;

/** The op with a bias takes one of length 0 for none. */
const noBias = (): tf.Tensor => tf.tensor1d([]);
const approximately = ({ form }: GeluAttrs) => ({ approximate: form === 'tanh' });

export const geluTensorflow: Version<{ readonly x: tf.Tensor }> = addonKernel(
  owner,
  ({ inputs: { x }, attrs }) =>
    tf.tidy(() => runAddonOp('NeverendGelu', [x, noBias()], 1, approximately(attrs))),
);

export const biasGeluTensorflow: Version<{ readonly x: tf.Tensor; readonly bias: tf.Tensor }> =
  addonKernel(owner, ({ inputs: { x, bias }, attrs }) =>
    runAddonOp('NeverendGelu', [x, bias], 1, approximately(attrs)),
  );

export const geluGradTensorflow: Version<{ readonly dy: tf.Tensor; readonly x: tf.Tensor }> =
  addonKernel(owner, ({ inputs: { dy, x }, attrs }) =>
    tf.tidy(() =>
      runAddonOp('NeverendGeluGrad', [dy, x, noBias()], 2, approximately(attrs)).slice(0, 1),
    ),
  );

export const biasGeluGradTensorflow: Version<{
  readonly dy: tf.Tensor;
  readonly x: tf.Tensor;
  readonly bias: tf.Tensor;
}> = addonKernel(owner, ({ inputs: { dy, x, bias }, attrs }) =>
  runAddonOp('NeverendGeluGrad', [dy, x, bias], 2, approximately(attrs)),
);
