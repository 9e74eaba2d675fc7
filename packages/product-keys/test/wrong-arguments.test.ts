import { randomKey } from '@neverend/backend';
import { describeBackends, expectArgumentsNamed, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import * as keys from '../src/index.ts';

const key = randomKey(1);
const x = () => tf.ones([2, 4]);
const table = () => tf.ones([6, 4]);
const indices = () => tf.tensor2d([0, 5, 1, 2], [2, 2], 'int32');
const picks = () => tf.ones([2, 2]);
const ofRetrieval: keys.RetrievalConfig = {
  ...{ heads: 2, k: 2, sizes: [2, 3], keyWidth: 3, momentum: 0.1, epsilon: 1e-5 },
  norm: 'batch',
  scores: 'softmax',
  ...{ bias: true, temperature: 1, splitTables: false, keyBias: true },
  order: 'token',
};
const ofMemory: keys.MemoryConfig = { ...ofRetrieval, valueWidth: 4, output: 'sum' };
const ofQueries = { heads: 2, sets: 2, keyWidth: 3, norm: 'batch', momentum: 0.1, epsilon: 1e-5 };
const call = () => ({ training: true, mask: tf.ones([2]), dropout: { rate: 0.5, key } });
const starts = { keys: { uniform: 0.1 }, tables: { normal: 0.1 } };
const variable = () => tf.variable(table());

type Example = readonly [
  call: (...args: never[]) => unknown,
  good: () => object,
  free?: readonly string[],
];

/** Every public function with arguments that can be wrong, and arguments that are right. */
const examples: Readonly<Record<string, Example>> = {
  convertIndices: [
    keys.convertIndices,
    () => ({ indices: [0, 5], sizes: [2, 3], from: 'first-slowest' }),
  ],
  expertsApply: [
    keys.expertsApply,
    () => ({
      ...{ x: x(), indices: indices(), gates: picks(), down: table(), up: table() },
      options: { activation: 'relu', order: 'token' },
    }),
  ],
  activate: [keys.activate, () => ({ x: x(), activation: 'gelu' })],
  gates: [keys.gates, () => ({ scores: picks(), by: 'sigmoid', temperature: 2 })],
  weightedRows: [
    keys.weightedRows,
    () => ({ table: table(), indices: indices(), weights: picks(), options: { order: 'token' } }),
  ],
  rowProducts: [
    keys.rowProducts,
    () => ({ table: table(), indices: indices(), x: x(), options: { order: 'token' } }),
  ],
  sequenceOf: [keys.sequenceOf, () => ({ table: table(), indices: indices(), order: 'token' })],
  productKeySearch: [
    keys.productKeySearch,
    () => ({
      ...{ queries: tf.ones([2, 1, 2, 3]), keys: [tf.ones([1, 2, 3]), tf.ones([1, 3, 3])], k: 2 },
      options: { bias: [tf.ones([1, 2]), tf.ones([1, 3])] },
    }),
  ],
  productKeyTopK: [keys.productKeyTopK, () => ({ scores: [picks(), picks()], k: 2 })],
  queryNetwork: [
    keys.queryNetwork,
    () => ({
      x: x(),
      params: {
        ...{ kernel: tf.ones([4, 2, 2, 3]), bias: tf.ones([2, 2, 3]) },
        ...{ 'norm/scale': tf.ones([2, 2, 3]), 'norm/shift': tf.ones([2, 2, 3]) },
        ...{ 'norm/mean': tf.ones([2, 2, 3]), 'norm/variance': tf.ones([2, 2, 3]) },
      },
      ...{ options: ofQueries, call: call() },
    }),
  ],
  retrieve: [
    keys.retrieve,
    () => ({
      x: x(),
      params: keys.initRetrieval(key, 4, ofRetrieval),
      ...{ options: ofRetrieval, call: call() },
    }),
  ],
  memory: [
    keys.memory,
    () => ({
      x: x(),
      params: keys.initMemory(key, 4, ofMemory),
      ...{ options: ofMemory, call: call() },
    }),
  ],
  withoutPadding: [keys.withoutPadding, () => ({ x: x(), mask: tf.ones([2]) })],
  initRetrieval: [
    keys.initRetrieval,
    () => ({ key, width: 4, options: ofRetrieval, keys: { uniform: 0.1 } }),
  ],
  initMemory: [keys.initMemory, () => ({ key, width: 4, options: ofMemory, starts })],
  started: [keys.started, () => ({ key, shape: [2, 3], start: { uniform: 0.1 } })],
  startedTable: [keys.startedTable, () => ({ key, shape: [2, 3], start: { normal: 0.1 } })],
  retrievalShapes: [
    (width: number, config: keys.RetrievalConfig) => void keys.retrievalShapes(width, config),
    () => ({ width: 4, config: ofRetrieval }),
    ['width', ...Object.keys(ofRetrieval)],
  ],
  memoryCosts: [
    (width: number, config: keys.MemoryConfig) => void keys.memoryCosts(width, config),
    () => ({ width: 4, config: ofMemory }),
    ['width', ...Object.keys(ofMemory)],
  ],
  tableRows: [keys.tableRows, () => ({ config: ofRetrieval }), Object.keys(ofRetrieval)],
  retrievalBuffers: [
    keys.retrievalBuffers,
    () => ({ config: ofRetrieval }),
    Object.keys(ofRetrieval),
  ],
  rowGradients: [
    keys.rowGradients,
    () => ({
      loss: () => tf.scalar(1),
      options: { tables: { experts: variable() }, variables: [] },
    }),
  ],
  ItemUsage: [
    (sizes: number[], tables: number) => void new keys.ItemUsage(sizes, tables),
    () => ({ sizes: [2, 3], tables: 2 }),
  ],
  add: [
    (used: keys.UsedItems) => new keys.ItemUsage([2, 3]).add(used),
    () => ({ used: { indices: indices(), gates: picks() } }),
  ],
};

await describeBackends('a wrong argument', () => {
  it.each(Object.entries(examples))('of %s is named', (_, [of, good, free]) =>
    expectNoLeak(() => expectArgumentsNamed(of, good, free)),
  );
});
