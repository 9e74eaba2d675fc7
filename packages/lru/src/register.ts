import { registerLayers } from '@neverend/nn/layers';
import { neverendLinearScan } from './layers/linear-scan-layer.ts';
import { neverendLru } from './layers/lru-layer.ts';
import { neverendRecurrentBlock } from './layers/recurrent-block-layer.ts';
import { neverendRgLru } from './layers/rg-lru-layer.ts';
import { neverendTemporalConv } from './layers/temporal-conv-layer.ts';

export type { RecurrentFactory, RecurrentLayerArgs } from './layers/define-recurrent-layer.ts';
export { type NeverendLinearScanArgs, neverendLinearScan } from './layers/linear-scan-layer.ts';
export { type NeverendLruArgs, neverendLru } from './layers/lru-layer.ts';
export {
  type NeverendRecurrentBlockArgs,
  neverendRecurrentBlock,
} from './layers/recurrent-block-layer.ts';
export { type NeverendRgLruArgs, neverendRgLru } from './layers/rg-lru-layer.ts';
export {
  type NeverendTemporalConvArgs,
  neverendTemporalConv,
} from './layers/temporal-conv-layer.ts';

/**
 * Makes the layers known to `loadLayersModel`. Importing this module does it; to call it again changes nothing.
 */
export function register(): void {
  registerLayers(
    neverendLinearScan,
    neverendLru,
    neverendRecurrentBlock,
    neverendRgLru,
    neverendTemporalConv,
  );
}

register();
