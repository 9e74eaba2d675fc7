import { registerLayers } from '@neverend/nn/layers';
import { neverendMemory } from './layers/memory-layer.ts';

export { type RetrievalLayerArgs, retrievalArgs } from './layers/args.ts';
export { type NeverendMemoryArgs, neverendMemory } from './layers/memory-layer.ts';

/**
 * Makes the layers known to `loadLayersModel`. Importing this module does it; to call it again changes nothing.
 */
export function register(): void {
  registerLayers(neverendMemory);
}

register();
