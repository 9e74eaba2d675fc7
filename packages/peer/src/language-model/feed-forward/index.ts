import { described } from '@neverend/backend';
import { type DenseConfig, dense } from './dense.ts';
import { type MemoryFeedForwardConfig, memoryLayer } from './memory.ts';
import { type MixtureOfExpertsConfig, mixtureOfExperts } from './mixture-of-experts.ts';
import { type PeerFeedForwardConfig, peerLayer } from './peer.ts';
import type { FeedForward } from './types.ts';

/** Which feed-forward a block has, and of which sizes. */
export type FeedForwardConfig =
  | DenseConfig
  | MixtureOfExpertsConfig
  | MemoryFeedForwardConfig
  | PeerFeedForwardConfig;

/** Makes the layer of a block. @param width D of the model. @throws ShapeError | RangeError | TypeError naming a setting. */
export function feedForward(config: FeedForwardConfig, width: number): FeedForward {
  switch (config.kind) {
    case 'dense': {
      const { kind: _, ...own } = config;
      return dense(own, width);
    }
    case 'moe': {
      const { kind: _, ...own } = config;
      return mixtureOfExperts(own, width);
    }
    case 'memory': {
      const { kind: _, ...own } = config;
      return memoryLayer(own, width);
    }
    case 'peer': {
      const { kind: _, ...own } = config;
      return peerLayer(own, width);
    }
    default: {
      const { kind } = config as { readonly kind: unknown };
      throw new RangeError(
        `kind of a feed-forward was ${described(kind)}; it must be "dense", "moe", "memory" or "peer"`,
      );
    }
  }
}
