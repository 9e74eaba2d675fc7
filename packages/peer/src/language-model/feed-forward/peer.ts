import { checkSizes } from '@neverend/backend';
import { retrievalBuffers } from '@neverend/product-keys';
import { checkPeer, type PeerConfig, peerTables } from '../../layer/config.ts';
import { peerCosts, peerShapes } from '../../layer/costs.ts';
import { initPeer } from '../../layer/init.ts';
import { peer } from '../../layer/peer.ts';
import { itemsOf, pickedOf } from './picked.ts';
import type { FeedForward } from './types.ts';

/** A PEER layer in the place of a feed-forward. */
export type PeerFeedForwardConfig = PeerConfig & { readonly kind: 'peer' };

/** @throws naming a setting. */
export function peerLayer(config: PeerConfig, width: number): FeedForward {
  checkSizes({ width });
  checkPeer('a PEER layer', config);
  return {
    shapes: peerShapes(width, config),
    tables: Object.keys(peerTables(width, config)),
    ...{ buffers: retrievalBuffers(config), items: itemsOf(config) },
    costs: peerCosts(width, config),
    init: (key) => initPeer(key, width, config),
    apply: (x, params, { training, picks }) => {
      const { y, retrieved } = peer(x, params, config, { training });
      return pickedOf(y, retrieved, { training, picks });
    },
  };
}
