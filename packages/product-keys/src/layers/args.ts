import {
  type ArgCheck,
  byDefault,
  dropoutRate,
  flag,
  type LayerArg,
  notNegative,
  oneOf,
  optional,
  required,
  type SeededLayerArgs,
  size,
} from '@neverend/nn/layers';
import { checkTemperature, type ScoreFunction, scoreFunctions } from '../gates.ts';
import { type PickOrder, pickOrders } from '../pick-order.ts';
import { checkMomentum } from '../query-network/batch-norm.ts';
import { type QueryNorm, queryNorms } from '../query-network/index.ts';
import { countItems } from '../top-k.ts';

/** Arguments of layers that retrieve: those of `RetrievalConfig`, and dropout of queries. */
export interface RetrievalLayerArgs extends SeededLayerArgs {
  heads: number;
  k: number;
  sizes: number[];
  keyWidth: number;
  norm?: QueryNorm;
  momentum?: number;
  epsilon?: number;
  bias?: boolean;
  scores?: ScoreFunction;
  temperature?: number;
  splitTables?: boolean;
  keyBias?: boolean;
  order?: PickOrder;
  queryDropout?: number;
}

const sizeList: ArgCheck<number[]> = (_, value) => {
  countItems(value);
};

/** How these arguments are taken. */
export const retrievalArgs: {
  readonly heads: LayerArg<number, 'required'>;
  readonly k: LayerArg<number, 'required'>;
  readonly sizes: LayerArg<number[], 'required'>;
  readonly keyWidth: LayerArg<number, 'required'>;
  readonly norm: LayerArg<QueryNorm, 'default'>;
  readonly momentum: LayerArg<number, 'optional'>;
  readonly epsilon: LayerArg<number, 'optional'>;
  readonly bias: LayerArg<boolean, 'default'>;
  readonly scores: LayerArg<ScoreFunction, 'default'>;
  readonly temperature: LayerArg<number, 'optional'>;
  readonly splitTables: LayerArg<boolean, 'default'>;
  readonly keyBias: LayerArg<boolean, 'default'>;
  readonly order: LayerArg<PickOrder, 'default'>;
  readonly queryDropout: LayerArg<number, 'default'>;
} = {
  heads: required(size),
  k: required(size),
  sizes: required(sizeList),
  keyWidth: required(size),
  norm: byDefault('batch', oneOf(...queryNorms)),
  momentum: optional((_, value: number) => checkMomentum(value)),
  epsilon: optional(notNegative),
  bias: byDefault(true, flag),
  scores: byDefault('softmax', oneOf(...scoreFunctions)),
  temperature: optional((_, value: number) => checkTemperature(value)),
  splitTables: byDefault(false, flag),
  keyBias: byDefault(false, flag),
  order: byDefault('auto', oneOf(...pickOrders)),
  queryDropout: dropoutRate,
};
