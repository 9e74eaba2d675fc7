import { serialization } from '@tensorflow/tfjs-core';
import { NeverendLinearScan } from './layers/linear-scan-layer.ts';
import { NeverendLru } from './layers/lru-layer.ts';
import { NeverendRecurrentBlock } from './layers/recurrent-block-layer.ts';
import { NeverendRgLru } from './layers/rg-lru-layer.ts';
import { NeverendRmsNorm } from './layers/rms-norm-layer.ts';
import { NeverendTemporalConv } from './layers/temporal-conv-layer.ts';

export type { LayerArgs, ParameterLayerArgs } from '@neverend/nn/layers';
export {
  NeverendLinearScan,
  type NeverendLinearScanArgs,
  neverendLinearScan,
} from './layers/linear-scan-layer.ts';
export { NeverendLru, type NeverendLruArgs, neverendLru } from './layers/lru-layer.ts';
export {
  NeverendRecurrentBlock,
  type NeverendRecurrentBlockArgs,
  neverendRecurrentBlock,
} from './layers/recurrent-block-layer.ts';
export { NeverendRgLru, type NeverendRgLruArgs, neverendRgLru } from './layers/rg-lru-layer.ts';
export {
  NeverendRmsNorm,
  type NeverendRmsNormArgs,
  neverendRmsNorm,
} from './layers/rms-norm-layer.ts';
export {
  NeverendTemporalConv,
  type NeverendTemporalConvArgs,
  neverendTemporalConv,
} from './layers/temporal-conv-layer.ts';

/**
 * Makes the layers known to `loadLayersModel`. Importing this module does it; to call it again changes
 * nothing.
 */
export function register(): void {
  serialization.registerClass(NeverendLinearScan);
  serialization.registerClass(NeverendRgLru);
  serialization.registerClass(NeverendLru);
  serialization.registerClass(NeverendTemporalConv);
  serialization.registerClass(NeverendRecurrentBlock);
  serialization.registerClass(NeverendRmsNorm);
}

register();
