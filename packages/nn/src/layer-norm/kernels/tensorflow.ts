import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type {
  LayerNormAttrs,
  LayerNormGradAttrs,
  LayerNormGradInputs,
  LayerNormInputs,
} from '../types.ts';

export const layerNormTensorflow: BackendKernel<LayerNormInputs, LayerNormAttrs> = addonKernel(
  owner,
  ({ inputs: { x, scale, bias }, attrs: { eps } }) =>
    runAddonOp('NeverendLayerNorm', [x, scale, bias], 3, { epsilon: eps }),
);

export const layerNormGradTensorflow: BackendKernel<LayerNormGradInputs, LayerNormGradAttrs> =
  addonKernel(owner, ({ inputs: { dy, x, scale, mean, rstd } }) =>
    runAddonOp('NeverendLayerNormGrad', [dy, x, scale, mean, rstd], 3),
  );
