import { randomKey } from '@neverend/backend';
import { describeBackends, expectArgumentsNamed, expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as peer from '../src/index.ts';
import { tiny } from './tiny.ts';

const key = randomKey(1);
const x = () => tf.ones([2, 4]);
const table = () => tf.ones([6, 4]);
const config: peer.PeerConfig = {
  ...{ heads: 2, k: 2, sizes: [2, 3], keyWidth: 3, norm: 'batch', momentum: 0.1, epsilon: 1e-5 },
  ...{ bias: true, scores: 'softmax', temperature: 1, splitTables: false, keyBias: true },
  ...{ order: 'token', activation: 'relu', sharedHidden: 3, lowRankHidden: 0 },
};
const starts = { keys: { uniform: 0.1 }, tables: { normal: 0.1 } };
const params = () => peer.initPeer(key, 4, config);
const model = { ...tiny, rotaryBase: 100, normEps: 1e-6 };
const tokens = () => tf.tensor2d([[1, 2]], [1, 2], 'int32');

type Example = readonly [
  call: (...args: never[]) => unknown,
  good: () => object,
  free?: readonly string[],
];

/** Every public function of layers and models with arguments that can be wrong, and arguments that are right. */
const examples: Readonly<Record<string, Example>> = {
  peer: [
    peer.peer,
    () => ({
      ...{ x: x(), params: params(), options: config },
      call: { training: true, mask: tf.ones([2]), dropout: { rate: 0.5, key } },
    }),
  ],
  allExperts: [
    peer.allExperts,
    () => ({ x: x(), gates: tf.ones([2, 6]), down: table(), up: table(), activation: 'relu' }),
  ],
  initPeer: [peer.initPeer, () => ({ key, width: 4, options: config, starts })],
  peerCosts: [
    (width: number, of: peer.PeerConfig) => void peer.peerCosts(width, of),
    () => ({ width: 4, config }),
    ['width', ...Object.keys(config)],
  ],
  growExperts: [
    async (...args: Parameters<typeof peer.growExperts>) => peer.growExperts(...args).params,
    () => ({ params: params(), width: 4, options: config, sizes: [3, 3], key, starts }),
  ],
  openKeys: [peer.openKeys, () => ({ closed: [tf.ones([2, 3])], share: 0.5 })],
  pruneExperts: [
    async (...args: Parameters<typeof peer.pruneExperts>) => peer.pruneExperts(...args).params,
    () => ({
      params: params(),
      width: 4,
      options: config,
      keep: [
        [0, 1],
        [1, 2],
      ],
    }),
  ],
  copyExperts: [
    (of: tf.Variable, from: number[], to: number[]) => peer.copyExperts([of], from, to),
    () => ({ tables: tf.variable(table()), from: [0], to: [1] }),
  ],
  withoutFrozen: [
    peer.withoutFrozen,
    () => ({
      gradient: { indices: Int32Array.of(0, 1), rows: x() },
      isFrozen: (row: number) => row === 0,
    }),
  ],
  languageModel: [
    peer.languageModel,
    () => ({
      ...{ tokens: tokens(), params: peer.initParams(model, key), config: model },
      options: { wantsCache: true, training: true, key, picks: true, without: [] },
    }),
  ],
  initParams: [peer.initParams, () => ({ config: model, key })],
  sampleTokens: [
    async (...args: Parameters<typeof peer.sampleTokens>) => {
      const drawn = peer.sampleTokens(...args);
      await drawn.next();
      await drawn.return();
    },
    () => ({
      ...{ params: peer.initParams(model, key), config: model, prompt: [1] },
      options: { temperature: 1, topK: 2, topP: 0.5, seed: 1 },
    }),
  ],
  crossEntropy: [peer.crossEntropy, () => ({ logits: tf.ones([1, 2, 11]), targets: tokens() })],
  tokenLosses: [peer.tokenLosses, () => ({ logits: tf.ones([1, 2, 11]), targets: tokens() })],
};

await describeBackends('a wrong argument', () => {
  it.each(Object.entries(examples))('of %s is named', (_, [of, good, free]) =>
    expectNoLeak(() => expectArgumentsNamed(of, good, free)),
  );

  it('of languageModel is named where it is a cache that is none', () => {
    const params = peer.initParams(model, key);
    const { languageModel } = peer;
    for (const cache of [null, {}, 2] as never[]) {
      expect(() => languageModel(tokens(), params, model, { cache })).toThrow(
        /^cache was .*; it must be/,
      );
    }
  });
});
