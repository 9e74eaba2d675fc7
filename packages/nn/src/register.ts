import { registerLayers } from './layers/index.ts';
import { neverendLayerNorm } from './layers/layer-norm-layer.ts';
import { neverendLinear } from './layers/linear-layer.ts';
import { neverendRmsNorm } from './layers/rms-norm-layer.ts';

export { type NeverendLayerNormArgs, neverendLayerNorm } from './layers/layer-norm-layer.ts';
export { type NeverendLinearArgs, neverendLinear } from './layers/linear-layer.ts';
export { type NeverendRmsNormArgs, neverendRmsNorm } from './layers/rms-norm-layer.ts';

/**
 * Makes the layers known to `loadLayersModel`. Importing this module does it; to call it again changes nothing.
 */
export function register(): void {
  registerLayers(neverendLayerNorm, neverendLinear, neverendRmsNorm);
}

register();
