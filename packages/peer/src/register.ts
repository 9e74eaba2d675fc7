import { registerLayers } from '@neverend/nn/layers';
import { neverendPeer } from './layers/peer-layer.ts';

export { type NeverendPeerArgs, neverendPeer } from './layers/peer-layer.ts';

/**
 * Makes the layer known to `loadLayersModel`. Importing this module does it; to call it again changes nothing.
 */
export function register(): void {
  registerLayers(neverendPeer);
}

register();
