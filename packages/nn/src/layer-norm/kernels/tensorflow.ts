import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import owner from '../../../package.json' with { type: 'json' };
import type { LayerNormGradInputs } from '../gradient.ts';

export const layerNormTensorflow: BackendKernel<
  { readonly x: Tensor; readonly scale: Tensor; readonly bias: Tensor },
  { readonly eps: number }
> = addonKernel(owner, ({ inputs: { x, scale, bias }, attrs: { eps } }) =>
  runAddonOp('NeverendLayerNorm', [x, scale, bias], 3, { epsilon: eps }),
);

export const layerNormGradTensorflow: BackendKernel<
  LayerNormGradInputs,
  Record<string, never>
> = addonKernel(owner, ({ inputs: { dy, x, scale, mean, rstd } }) =>
  runAddonOp('NeverendLayerNormGrad', [dy, x, scale, mean, rstd], 3),
);
