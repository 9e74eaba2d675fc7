import { randomKey } from '@neverend/backend';
import { describeBackends, expectArgumentsNamed, expectNoLeak } from '@neverend/backend/testing';
import { subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import * as trecvit from '../src/index.ts';
import { startFrom, trecvitTrainee } from '../src/training/index.ts';
import { tiny } from './tiny.ts';

const key = randomKey(1);
const config = { ...tiny, layers: 1 };
const params = () => trecvit.initTRecViT(key, config);
const ofLayer = () =>
  Object.fromEntries(Object.entries(params()).filter(([name]) => name.includes('block_')));
const video = () => tf.ones([1, 2, 8, 12, 3]);
const segmentPos = () => tf.tensor2d([[0, 1]], [1, 2], 'int32');
const headState = () => ({ values: tf.ones([1, 1, 10]), weights: tf.ones([1, 1]) });
const layerState = () => ({ rgLru: tf.ones([1, 7, 12]), conv: tf.ones([1, 3, 7, 12]) });

type Example = readonly [
  call: (...args: never[]) => unknown,
  good: () => object,
  free?: readonly string[],
];

/** Every public function of tensors, parameters and sizes with arguments that can be wrong, and arguments that are right. */
const examples: Readonly<Record<string, Example>> = {
  forward: [
    trecvit.forward,
    () => ({
      ...{ video: video(), params: params(), configuration: config },
      options: { segmentPos: segmentPos(), decay: 0.9 },
    }),
  ],
  'forward with a state': [
    trecvit.forward,
    () => ({
      ...{ video: video(), params: params(), configuration: config },
      options: { state: { layers: [layerState()], head: headState() } },
    }),
  ],
  tokenize: [
    trecvit.tokenize,
    () => ({
      ...{ video: video(), params: subtree(params(), 'tokenizer/'), configuration: config },
    }),
  ],
  trecvitLayer: [
    trecvit.trecvitLayer,
    () => ({
      ...{ x: tf.ones([1, 2, 7, 8]), params: ofLayer(), layer: 0 },
      config: { heads: 2, decayPower: 8, normEps: 1e-6, gelu: 'erf' },
      options: { segmentPos: segmentPos(), state: layerState() },
    }),
    // It is the epsilon of `residualBlock`.
    ['normEps'],
  ],
  classificationHead: [
    trecvit.classificationHead,
    () => ({
      ...{ features: tf.ones([1, 2, 7, 8]), params: subtree(params(), 'decoder/') },
      config: { pooling: 'token', headWidth: 10, classes: 5 },
      options: { state: headState(), decay: 0.9, segmentPos: segmentPos() },
    }),
  ],
  initTRecViT: [trecvit.initTRecViT, () => ({ key, configuration: config })],
  paramShapes: [
    (...args: Parameters<typeof trecvit.paramShapes>) => void trecvit.paramShapes(...args),
    () => ({ configuration: config }),
  ],
  parameterCount: [trecvit.parameterCount, () => ({ configuration: config })],
  stateBytes: [
    trecvit.stateBytes,
    () => ({ configuration: config, options: { batch: 2, window: 3 } }),
  ],
  productFlops: [trecvit.productFlops, () => ({ configuration: config, frames: 3 })],
  topK: [trecvit.topK, () => ({ logits: tf.ones([1, 5]), k: 2 })],
  TRecViT: [
    (...args: ConstructorParameters<typeof trecvit.TRecViT>) => void new trecvit.TRecViT(...args),
    () => ({ config, params: params(), options: { input: trecvit.officialInput } }),
    ['range'],
  ],
  classify: [
    (of: tf.Tensor, options: object) => {
      const model = trecvit.TRecViT.init(config, key);
      try {
        model.classify(of, options).dispose();
      } finally {
        model.dispose();
      }
    },
    () => ({ video: video(), options: { clips: 2, crops: 1 } }),
  ],
  VideoStream: [
    (...args: ConstructorParameters<typeof trecvit.VideoStream>) =>
      void new trecvit.VideoStream(...args),
    () => ({ model: { config }, options: { batch: 1, halfLife: 3 } }),
    ['config', ...Object.keys(config)],
  ],
  trecvitTrainee: [
    (...args: Parameters<typeof trecvitTrainee>) => void trecvitTrainee(...args),
    () => ({ model: { config, params: {} }, options: { remat: true } }),
    ['config', 'params', ...Object.keys(config)],
  ],
  startFrom: [
    (...args: Parameters<typeof startFrom>) => startFrom(...args).params,
    () => ({ from: { config, params: {} }, configuration: config, key }),
    ['config'],
  ],
};

await describeBackends('a wrong argument', () => {
  it.each(Object.entries(examples))('of %s is named', (_, [of, good, free]) =>
    expectNoLeak(() => expectArgumentsNamed(of, good, free)),
  );
});
