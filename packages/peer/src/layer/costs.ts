import {
  checkSets,
  type LayerCosts,
  retrievalLayerCosts,
  retrievalShapes,
  type Shapes,
} from '@neverend/product-keys';
import { type PeerConfig, peerTables } from './config.ts';

/** Which parameters `peer` takes for tokens of this width. */
export function peerShapes(width: number, config: PeerConfig): Shapes {
  checkSets(config);
  const { sharedHidden = 0, lowRankHidden = 0 } = config;
  return {
    ...retrievalShapes(width, config),
    ...peerTables(width, config),
    ...denseShapes('shared', width, sharedHidden),
    ...denseShapes('low_rank', width, lowRankHidden),
  };
}

const denseShapes = (name: string, width: number, hidden: number): Shapes =>
  hidden === 0
    ? {}
    : {
        [`${name}/Dense_0/kernel`]: [width, hidden],
        [`${name}/Dense_0/bias`]: [hidden],
        [`${name}/Dense_1/kernel`]: [hidden, width],
        [`${name}/Dense_1/bias`]: [width],
      };

/** What a PEER layer costs for one token. */
export const peerCosts = (width: number, config: PeerConfig): LayerCosts =>
  retrievalLayerCosts(config, peerShapes(width, config), Object.keys(peerTables(width, config)));
