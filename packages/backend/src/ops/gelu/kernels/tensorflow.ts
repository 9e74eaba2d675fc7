import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { gelu, geluGrad } from '../../../tensorflow/addon.ts';
import { addonVersion } from '../../../tensorflow/version.ts';
import type { GeluAttrs } from '../form.ts';

type Version<I> = NativeVersion<I, GeluAttrs>;

export const geluTensorflow: Version<{ readonly x: Tensor }> = addonVersion(
  ({ inputs: { x }, attrs: { form } }) => [gelu(x, null, form === 'tanh')],
);

export const biasGeluTensorflow: Version<{ readonly x: Tensor; readonly bias: Tensor }> =
  addonVersion(({ inputs: { x, bias }, attrs: { form } }) => [gelu(x, bias, form === 'tanh')]);

export const geluGradTensorflow: Version<{ readonly dy: Tensor; readonly x: Tensor }> =
  addonVersion(({ inputs: { dy, x }, attrs: { form } }) => [
    geluGrad(dy, x, null, form === 'tanh').dx,
  ]);

export const biasGeluGradTensorflow: Version<{
  readonly dy: Tensor;
  readonly x: Tensor;
  readonly bias: Tensor;
}> = addonVersion(({ inputs: { dy, x, bias }, attrs: { form } }): TensorInfo[] => {
  const { dx, dbias } = geluGrad(dy, x, bias, form === 'tanh');
  return dbias === null ? [dx] : [dx, dbias];
});
