import { checkedSize } from '@neverend/backend';
import {
  checkActivation,
  checkRetrieval,
  type ExpertActivation,
  type RetrievalConfig,
  tableRows,
} from '@neverend/product-keys';

/** Sizes and options of a PEER layer. */
export interface PeerConfig extends RetrievalConfig {
  /** What an expert does to its one number. Default: `gelu`. */
  readonly activation?: ExpertActivation | undefined;
  /** Hidden width of a dense layer beside the experts, which all tokens go through (arXiv 2602.05711). Default: 0, none. */
  readonly sharedHidden?: number | undefined;
  /**
   * Hidden width of a dense layer whose two matrices the experts change, each by a matrix of rank one, in the place of experts of one neuron. Default: 0, none.
   */
  readonly lowRankHidden?: number | undefined;
}

const more = ['activation', 'sharedHidden', 'lowRankHidden'] as const;

/** @throws naming the option that is wrong. */
export function checkPeer(owner: string, config: PeerConfig): void {
  checkRetrieval(owner, config, more);
  checkActivation(config.activation ?? 'gelu');
  const { sharedHidden = 0, lowRankHidden = 0 } = config;
  checkedSize('sharedHidden', sharedHidden, 0);
  checkedSize('lowRankHidden', lowRankHidden, 0);
}

/** The tables of a layer and their widths, by their names: the parameters of which a step touches some rows. */
export function peerTables(width: number, config: PeerConfig): Record<string, [number, number]> {
  const rows = tableRows(config);
  const { lowRankHidden: hidden = 0 } = config;
  return hidden === 0
    ? { down: [rows, width], up: [rows, width] }
    : {
        ...{ in_a: [rows, width], in_b: [rows, hidden] },
        ...{ out_a: [rows, hidden], out_b: [rows, width] },
      };
}
