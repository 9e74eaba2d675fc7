import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectLearns,
  expectSameAfterReload,
  expectTensorClose,
  layerParams,
  randomTensor,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { rmsNorm } from '@neverend/nn';
import { neverendRmsNorm } from '@neverend/nn/register';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { initRetrieval, memory, retrieve } from '../src/index.ts';
import { type NeverendMemoryArgs, neverendMemory } from '../src/register.ts';

const retrieval = { heads: 2, k: 3, sizes: [4, 5], keyWidth: 3 };
const kinds: readonly NeverendMemoryArgs[] = [
  retrieval,
  { ...retrieval, norm: 'layer', output: 'plus', valueWidth: 5, scores: 'sigmoid' },
  { ...retrieval, norm: 'none', output: 'gated', splitTables: true, bias: false, temperature: 2 },
];

await describeBackends(
  'the layer',
  () => {
    it.each(kinds)('gives the same after save and load: %o', async (args) => {
      const x = randomTensor(randomKey('x'), [2, 7, 6]);
      const shape = await expectSameAfterReload(
        [
          neverendRmsNorm({ inputShape: [7, 6] }),
          neverendMemory({ ...args, seed: 1 }),
          neverendMemory({ ...args, seed: 2 }),
        ],
        x,
      );
      expect(shape).toEqual([2, 7, 6]);
      x.dispose();
    });

    it('learns, and its running figures follow', async () => {
      const model = tfl.sequential({
        layers: [neverendMemory({ ...retrieval, inputShape: [5, 6], seed: 1, queryDropout: 0.1 })],
      });
      await expectLearns(model);
      expect(model.trainableWeights).toHaveLength(model.weights.length - 2);
      model.dispose();
    });

    it('leaves out padding that an embedding masks, in training and in the running figures', async () => {
      const [B, T, width] = [3, 4, 6];
      const tokens = tf.tensor2d([1, 2, 0, 0, 3, 4, 5, 0, 6, 0, 0, 0], [B, T]);
      const table = randomTensor(randomKey('table'), [7, width]);
      const embedding = tfl.layers.embedding({
        ...{ inputDim: 7, outputDim: width, inputLength: T, maskZero: true, trainable: false },
      });
      const layer = neverendMemory({ ...retrieval, seed: 1, momentum: 1 });
      const model = tfl.sequential({ layers: [embedding, neverendRmsNorm(), layer] });
      embedding.setWeights([table]);
      // The same tokens alone.
      const params = layerParams(layer);
      const counted = tf.tidy(() =>
        rmsNorm(tf.gather(table, [1, 2, 3, 4, 5, 6]), tf.ones([width])),
      );
      const { y, retrieved } = memory(
        counted,
        params,
        { ...retrieval, momentum: 1 },
        { training: true },
      );
      model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
      const target = tf.zeros([B, T, width]);
      await model.trainOnBatch(tokens, target);
      for (const name of ['query/norm/mean', 'query/norm/variance']) {
        const expected = retrieved.updates[name] as tf.Tensor;
        const numbers = { shape: expected.shape, data: await expected.data() };
        await expectTensorClose(layerParams(layer)[name] as tf.Tensor, numbers);
      }
      model.dispose();
      tf.dispose([tokens, table, counted, y, target, retrieved.updates]);
      tf.dispose([retrieved.indices, retrieved.scores, retrieved.gates]);
    });

    it('computes what the function computes', async () => {
      const x = randomTensor(randomKey('x'), [2, 4, 6]);
      const layer = neverendMemory({ ...retrieval, seed: 1 });
      const y = layer.apply(x) as tf.Tensor;
      const expected = tf.tidy(() => memory(x, layerParams(layer), retrieval).y);
      await expectTensorClose(
        y,
        { shape: [2, 4, 6], data: await expected.data() },
        { rtol: 0, atol: 0 },
      );
      expect(layer.getClassName()).toBe('NeverendMemory');
      layer.dispose();
      tf.dispose([x, y, expected]);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

it.each([
  { heads: 0 },
  { k: 1.5 },
  { sizes: [] },
  { sizes: 20 },
  { sizes: [4, 0] },
  { keyWidth: undefined },
  { norm: 'rms' },
  { momentum: 2 },
  { epsilon: -1 },
  { bias: 1 },
  { scores: 'max' },
  { temperature: 0 },
  { splitTables: 'yes' },
  { keyBias: 0 },
  { order: 'best' },
])('a wrong option is refused in the same words by the layer and by functions: %o', (wrong) => {
  const [name] = Object.keys(wrong) as [string];
  const args = { ...retrieval, ...wrong } as never;
  const x = tf.zeros([1, 6]);
  const said = [
    () => neverendMemory(args),
    () => initRetrieval(randomKey(1), 6, args),
    () => retrieve(x, {}, args),
    () => memory(x, {}, args),
  ].map((call) => {
    try {
      call();
    } catch (error) {
      return String(error);
    }
    return 'nothing';
  });
  expect(said[0]).toMatch(new RegExp(`: ${name}(\\[1\\])? was .*; it must `));
  expect(said).toEqual(said.map(() => said[0]));
  x.dispose();
});

it('functions refuse options that they do not have', () => {
  const x = tf.zeros([1, 6]);
  expect(() => retrieve(x, {}, { ...retrieval, experts: 3 } as never)).toThrow(
    'retrieve has no option "experts"',
  );
  expect(() => retrieve(x, {}, retrieval, { train: true } as never)).toThrow(
    'retrieve has no option "train"',
  );
  expect(() => memory(x, {}, { ...retrieval, output: 'all' as never })).toThrow(
    new RangeError('output was "all"; it must be "sum" or "plus" or "gated"'),
  );
  expect(() => memory(x, {}, { ...retrieval, valueWidth: 0 })).toThrow('valueWidth was 0');
  x.dispose();
});

it('refuses arguments that it does not have, or that are none', () => {
  expect(() => neverendMemory({ ...retrieval, experts: 3 } as never)).toThrow('"experts"');
  expect(() => neverendMemory({ ...retrieval, sizes: [] })).toThrow('sizes was empty');
  expect(() => neverendMemory({ ...retrieval, k: 21 })).toThrow('k was 21; it must be at most');
  expect(() => neverendMemory({ ...retrieval, norm: 'rms' as never })).toThrow('norm was "rms"');
});
