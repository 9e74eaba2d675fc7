import {
  checkedSize,
  checkKey,
  checkOneOf,
  checkTensor,
  type RandomKey,
  subkey,
} from '@neverend/backend';
import { checkedParam, linear, linearParams, normal, type Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { weightedRows } from '../picked-rows/index.ts';
import { checkQueryCall, type QueryCall } from '../query-network/index.ts';
import { withoutPadding } from '../query-network/without-padding.ts';
import { checkRetrieval, checkSets, type RetrievalConfig, tableRows } from '../retrieval/config.ts';
import {
  type LayerCosts,
  retrievalLayerCosts,
  retrievalShapes,
  type Shapes,
} from '../retrieval/costs.ts';
import { type Retrieved, retrieve } from '../retrieval/index.ts';
import {
  checkStarts,
  checkTableRoom,
  initRetrieval,
  publishedStarts,
  retrievalOf,
  type Starts,
  startedTable,
} from '../retrieval/init.ts';

/**
 * What becomes of the sum of values: nothing; memory+ (arXiv 2412.09764, section 3.2), W_v (y · silu(W_s x)); or y · sigmoid(w · x + b).
 */
export type MemoryOutput = 'sum' | 'plus' | 'gated';

/** The names of all outputs. */
export const memoryOutputs: readonly MemoryOutput[] = ['sum', 'plus', 'gated'];

/** Sizes and options of a memory layer. */
export interface MemoryConfig extends RetrievalConfig {
  /** Width of a value. Default: that of the tokens. */
  readonly valueWidth?: number | undefined;
  /** Default: `sum`. */
  readonly output?: MemoryOutput | undefined;
}

/** What a memory layer gives. */
export interface MemoryResult {
  /** `[..., E]`: the width of a value, for memory+ that of the tokens. */
  readonly y: tf.Tensor;
  /** Which values tokens picked, by which scores and with which weights. */
  readonly retrieved: Retrieved;
}

/** @throws naming the option that is wrong. */
export function checkMemory(owner: string, config: MemoryConfig): void {
  checkRetrieval(owner, config, ['valueWidth', 'output']);
  checkedSize('valueWidth', config.valueWidth === undefined ? 1 : config.valueWidth);
  checkOneOf('output', config.output ?? 'sum', memoryOutputs);
}

/**
 * A product-key memory (Lample et al., 2019): each token gets the sum of the values that its heads retrieve, with their weights.
 *
 * Several layers may share tables: give them the same `values`.
 *
 * @param x `[..., D]`, float32.
 * @param params those of `retrieve`; `values` `[N, E]`, or with split tables `[H N, E]`; for memory+ `output/kernel` `[E, D]` and `output/bias`, `swish/kernel`
 * `[D, E]` and `swish/bias`; for a gated one `gate/kernel` `[D, 1]` and `gate/bias`.
 * @returns the caller's to dispose. @throws ShapeError | DTypeError | RangeError naming the argument.
 */
export function memory(
  x: tf.Tensor,
  params: Params,
  config: MemoryConfig,
  call: QueryCall = {},
): MemoryResult {
  checkTensor('x', x, ['...', 'D']);
  checkMemory('memory', config);
  checkQueryCall('memory', call);
  const width = x.shape.at(-1) ?? 1;
  const { heads, k, valueWidth = width, output = 'sum' } = config;
  const values = checkedParam(params, 'values', [tableRows(config), valueWidth]);
  return tf.tidy(() => {
    const tokens = withoutPadding(x, call.mask);
    const retrieved = { ...retrieve(tokens, params, retrievalOf(config), call) };
    const picks = [...x.shape.slice(0, -1), heads * k];
    const sum = weightedRows(
      values,
      tf.reshape(retrieved.indices, picks),
      tf.reshape(retrieved.gates, picks),
      { order: config.order },
    );
    const layer = (name: string, input: tf.Tensor, from: number, to: number) => {
      const { kernel, bias } = linearParams(params, name, from, to);
      return linear(input, kernel, bias);
    };
    switch (output) {
      case 'plus': {
        const swish = layer('swish', tokens, width, valueWidth);
        const gated = tf.mul(sum, tf.mul(swish, tf.sigmoid(swish)));
        return { y: layer('output', gated, valueWidth, width), retrieved };
      }
      case 'gated':
        return { y: tf.mul(sum, tf.sigmoid(layer('gate', tokens, width, 1))), retrieved };
      default:
        return { y: sum, retrieved };
    }
  });
}

/**
 * Parameters of a memory layer, as Meta's memory layers start unless `starts` says otherwise: projections normal with 1/sqrt of their output's width, biases 0.
 *
 * @param width D, of the tokens. @returns the caller's to dispose. @throws naming the option that is wrong.
 */
export function initMemory(
  key: RandomKey,
  width: number,
  config: MemoryConfig,
  starts: Partial<Starts> = {},
): Record<string, tf.Tensor> {
  checkMemory('initMemory', config);
  checkedSize('width', width);
  checkStarts(starts);
  checkKey('key', key);
  const { keyWidth, sizes, valueWidth = width, output } = config;
  checkTableRoom(
    { values: [tableRows(config), valueWidth] },
    config.splitTables ? config.heads : 1,
  );
  const own = { ...publishedStarts.memoryLayers(keyWidth, sizes.length, valueWidth), ...starts };
  const retrieval = initRetrieval(key, width, retrievalOf(config), own.keys);
  const begin = (name: string, shape: readonly number[]) => {
    const place = subkey(key, name);
    if (name === 'values') return startedTable(place, shape as [number, number], own.tables);
    if (name.endsWith('/bias')) return tf.zeros([...shape]);
    // A gate has one output, and starts as wide as its input has it.
    const outputs = output === 'gated' ? width : (shape[1] ?? 1);
    return normal(place, shape, 1 / Math.sqrt(outputs));
  };
  return Object.fromEntries(
    Object.entries(memoryShapes(width, config)).map(([name, shape]) => [
      name,
      retrieval[name] ?? begin(name, shape),
    ]),
  );
}

/** Which parameters `memory` takes for tokens of this width. */
export function memoryShapes(width: number, config: MemoryConfig): Shapes {
  checkSets(config);
  const { valueWidth = width, output = 'sum' } = config;
  const linear = (name: string, from: number, to: number): Shapes => ({
    [`${name}/kernel`]: [from, to],
    [`${name}/bias`]: [to],
  });
  return {
    ...retrievalShapes(width, config),
    values: [tableRows(config), valueWidth],
    ...(output === 'plus' && {
      ...linear('output', valueWidth, width),
      ...linear('swish', width, valueWidth),
    }),
    ...(output === 'gated' && linear('gate', width, 1)),
  };
}

/** What a memory layer costs for one token. */
export const memoryCosts = (width: number, config: MemoryConfig): LayerCosts =>
  retrievalLayerCosts(config, memoryShapes(width, config), ['values']);
