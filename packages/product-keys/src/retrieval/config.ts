import {
  checkedSize,
  checkFlag,
  checkList,
  checkNumber,
  checkObject,
  checkOneOf,
  checkOptions,
} from '@neverend/backend';
import { checkTemperature, type ScoreFunction, scoreFunctions } from '../gates.ts';
import { checkPickOrder, type PickOrder } from '../pick-order.ts';
import { checkMomentum } from '../query-network/batch-norm.ts';
import { type QueryNorm, queryNorms } from '../query-network/index.ts';
import { checkTopK, countItems } from '../top-k.ts';

/** Sizes and options of retrieval by product keys. */
export interface RetrievalConfig {
  /** H, the number of heads, each with keys of its own. */
  readonly heads: number;
  /** k, the number of items that each head picks. */
  readonly k: number;
  /** The number of keys of each set: there are as many items as their product. */
  readonly sizes: readonly number[];
  /** C, the width of a key; a query has one part for each set. */
  readonly keyWidth: number;
  /** Default: `batch`. */
  readonly norm?: QueryNorm | undefined;
  /** How far the running figures of a batch norm go to those of a batch. Default: 0.1. */
  readonly momentum?: number | undefined;
  /** What a norm of queries adds to the variance. Default: 1e-5. */
  readonly epsilon?: number | undefined;
  /** Whether queries have a bias. Default: true. */
  readonly bias?: boolean | undefined;
  /** Default: `softmax`. */
  readonly scores?: ScoreFunction | undefined;
  /** What scores are divided by. Default: 1. */
  readonly temperature?: number | undefined;
  /** Whether each head has tables of its own, in the rows from head times N on. Default: false, all heads share them. */
  readonly splitTables?: boolean | undefined;
  /** Whether there is something added to the scores of each key, which training leaves alone: -Infinity for keys that are closed. Default: false. */
  readonly keyBias?: boolean | undefined;
  /** Which picks of the tables come first. Default: `auto`, as it is faster. */
  readonly order?: PickOrder | undefined;
}

/** The names of these options. */
export const retrievalOptions: readonly (keyof RetrievalConfig)[] = [
  ...(['heads', 'k', 'sizes', 'keyWidth', 'norm', 'momentum', 'epsilon', 'bias'] as const),
  ...(['scores', 'temperature', 'splitTables', 'keyBias', 'order'] as const),
];

/** @param owner whose options they are. @param more the names of its other options. @throws naming the first that is wrong. */
export function checkRetrieval<T extends RetrievalConfig>(
  owner: string,
  config: T,
  more: readonly (keyof T & string)[] = [],
): void {
  checkOptions(owner, config, [...retrievalOptions, ...more]);
  const { heads, k, sizes, keyWidth, norm = 'batch', scores = 'softmax' } = config;
  checkedSize('heads', heads);
  checkedSize('keyWidth', keyWidth);
  checkTopK(sizes, k);
  countItems(sizes, config.splitTables === true ? heads : 1);
  checkTemperature(config.temperature ?? 1);
  checkMomentum(config.momentum ?? 0);
  checkNumber('epsilon', config.epsilon ?? 0, 0);
  checkPickOrder(config.order ?? 'auto');
  checkOneOf('norm', norm, queryNorms);
  checkOneOf('scores', scores, scoreFunctions);
  for (const name of ['bias', 'splitTables', 'keyBias'] as const) {
    checkFlag(name, config[name] ?? false);
  }
}

/** @throws TypeError | ShapeError unless a configuration has sets of keys. */
export function checkSets(config: Pick<RetrievalConfig, 'sizes'>): void {
  checkObject('config', config, 'with the sizes of a layer');
  checkList('sizes', config.sizes, 'the number of keys of each set');
}

/** N, the number of items of a head. */
export function itemsOf(config: Pick<RetrievalConfig, 'sizes'>): number {
  checkSets(config);
  return config.sizes.reduce((product, n) => product * n, 1);
}

/** The rows of a table: N, or of split ones H N. */
export const tableRows = (config: RetrievalConfig): number =>
  itemsOf(config) * (config.splitTables === true ? config.heads : 1);
