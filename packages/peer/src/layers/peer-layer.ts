import { checkedSize } from '@neverend/backend';
import { byDefault, defineLayer, inputWidth, type LayerFactory, oneOf } from '@neverend/nn/layers';
import { type ExpertActivation, retrievalBuffers, retrievalOf } from '@neverend/product-keys';
import { type RetrievalLayerArgs, retrievalArgs } from '@neverend/product-keys/register';
import { checkPeer, type PeerConfig } from '../layer/config.ts';
import { initPeer } from '../layer/init.ts';
import { peer } from '../layer/peer.ts';

/** Arguments of `neverendPeer`: those of `PeerConfig`, and dropout of queries. */
export interface NeverendPeerArgs extends RetrievalLayerArgs {
  /** Default: `gelu`. */
  activation?: ExpertActivation;
  /** Hidden width of a dense layer beside the experts. Default: 0, none. */
  sharedHidden?: number;
  /** Hidden width of a dense layer that the experts change. Default: 0, none. */
  lowRankHidden?: number;
}

const configOf = ({
  activation,
  sharedHidden,
  lowRankHidden,
  ...retrieval
}: PeerConfig): PeerConfig => ({
  ...retrievalOf(retrieval),
  ...{ activation, sharedHidden, lowRankHidden },
});

const count = (name: string, value: number): void => {
  checkedSize(name, value, 0);
};

/**
 * `peer` as a layer: `[..., D]` to the same. By the trainers of TensorFlow.js tables have gradients of their whole size; for millions of experts train with `rowGradients` of
 * `@neverend/product-keys` instead.
 */
export const neverendPeer: LayerFactory<NeverendPeerArgs> = defineLayer({
  name: 'NeverendPeer',
  args: {
    ...retrievalArgs,
    activation: byDefault('gelu', oneOf<ExpertActivation>('gelu', 'gelu-tanh', 'relu')),
    sharedHidden: byDefault(0, count),
    lowRankHidden: byDefault(0, count),
  },
  masks: true,
  check: (args) => checkPeer('NeverendPeer', configOf(args)),
  buffers: (args) => retrievalBuffers(args),
  init: ([input], key, args) => initPeer(key, inputWidth(input), configOf(args)),
  forward: ([x], params, { args, key, dropout, mask, update }) => {
    const call = { training: key !== undefined, mask, dropout: dropout(args.queryDropout) };
    const { y, retrieved } = peer(x, params, configOf(args), call);
    update(retrieved.updates);
    return y;
  },
});
