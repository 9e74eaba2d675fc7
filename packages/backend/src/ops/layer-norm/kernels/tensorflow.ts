import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { layerNorm, layerNormGrad } from '../../../tensorflow/addon.ts';
import { addonVersion } from '../../../tensorflow/version.ts';
import type { LayerNormGradInputs } from '../gradient.ts';

export const layerNormTensorflow: NativeVersion<
  { readonly x: Tensor; readonly scale: Tensor; readonly bias: Tensor },
  { readonly eps: number }
> = addonVersion(({ inputs: { x, scale, bias }, attrs: { eps } }) => {
  const { y, mean, rstd } = layerNorm(x, scale, bias, eps);
  return [y, mean, rstd];
});

export const layerNormGradTensorflow: NativeVersion<
  LayerNormGradInputs,
  Record<string, never>
> = addonVersion(({ inputs: { dy, x, scale, mean, rstd } }) => {
  const { dx, dgain, doffset } = layerNormGrad(dy, x, scale, mean, rstd);
  return [dx, dgain, doffset];
});
