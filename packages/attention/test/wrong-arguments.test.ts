import { randomKey } from '@neverend/backend';
import { describeBackends, expectArgumentsNamed, expectNoLeak } from '@neverend/backend/testing';
import { withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import * as attention from '../src/index.ts';

const key = randomKey(1);
const dropout = { rate: 0.5, key };
const sizes = { width: 4, heads: 2, mlpWidth: 3 };
const x = () => tf.ones([1, 2, 4]);
const heads = () => tf.ones([1, 2, 2, 2]);
const masks = () => ({ mask: tf.ones([2, 2]), keyMask: tf.ones([1, 2], 'bool') });
const ofAttention = () => ({ ...masks(), causal: true, causalOffset: 1, dropout });
const ofHeads = () => ({ heads: 2, qkNorm: true, ...ofAttention() });
const ofBlock = () => ({
  ...{ ...ofHeads(), gelu: 'erf', swiglu: false, attentionDropout: dropout },
  ...{ eps: 1e-6, layerScale: false },
});
const params = (more: object = {}) =>
  attention.initSpaceAttention(key, { width: 4, heads: 2, qkNorm: true, ...more });
const block = () => attention.initEncoderBlock(key, { ...sizes, qkNorm: true });
const pictures = { image: [4, 4], resize: 4, interpolation: 'bicubic', mean: [0], std: [1] };

/** Every public function with arguments that can be wrong, and arguments that are right. */
const functions = {
  scaledDotProductAttention: () => ({
    ...{ q: heads(), k: heads(), v: heads() },
    options: { ...ofAttention(), scale: 1 },
  }),
  spaceAttention: () => ({ x: x(), params: params(), options: ofHeads() }),
  crossAttention: () => ({ x: x(), context: x(), params: params(), options: ofHeads() }),
  cachedAttention: () => ({
    ...{ x: x(), params: params(), cache: { key: heads(), value: heads() } },
    options: {
      ...{
        heads: 2,
        qkNorm: true,
        mask: tf.ones([2, 4]),
        keyMask: tf.ones([1, 4], 'bool'),
        dropout,
      },
      rotary: { positions: 2, base: 100, dims: 2, interleaved: true, factor: 2 },
    },
  }),
  mlp: () => ({
    ...{ x: x(), params: attention.initMlp(key, { width: 4, mlpWidth: 3 }) },
    options: {
      ...{ gelu: 'erf', swiglu: false, dropout, residual: x() },
      norm: { scale: tf.ones([4]), bias: tf.ones([4]), eps: 1e-6 },
    },
  }),
  encoderBlock: () => ({ x: x(), params: block(), options: ofBlock() }),
  encoder: () => ({
    x: x(),
    params: attention.initEncoder(key, { ...sizes, qkNorm: true, depth: 1 }),
    options: { depth: 1, finalNorm: true, ...ofBlock() },
  }),
  attentionPooling: () => ({
    ...{ x: x(), params: attention.initAttentionPooling(key, sizes) },
    options: {
      heads: 2,
      gelu: 'erf',
      eps: 1e-6,
      keyMask: tf.ones([1, 2], 'bool'),
      mask: tf.ones([1, 1, 2]),
    },
  }),
  poolTokens: () => ({ x: x(), kind: 'first' }),
  prependToken: () => ({ x: x(), token: tf.ones([1, 1, 4]) }),
  learnedPositions: () => ({ x: x(), positions: tf.ones([1, 2, 4]) }),
  interpolatePositions: () => ({
    ...{ positions: tf.ones([1, 5, 4]), from: [2, 2], to: [3, 3], prefix: 1 },
    options: { method: 'bicubic', antialias: true, offset: 0.1 },
  }),
  rotaryPositions: () => ({
    x: heads(),
    options: { positions: 2, base: 100, dims: 2, interleaved: true, factor: 2 },
  }),
  sincosPositions: () => ({ grid: [2, 2], width: 4, base: 100 }),
  initMlp: () => ({ key, options: { width: 4, mlpWidth: 3 } }),
  initSpaceAttention: () => ({
    key,
    options: { width: 4, heads: 2, contextWidth: 3, qkNorm: true },
  }),
  initEncoderBlock: () => ({ key, options: { ...sizes, qkNorm: true, layerScale: 0.1 } }),
  initEncoder: () => ({ key, options: { depth: 1, ...sizes, qkNorm: true, layerScale: 0.1 } }),
  initAttentionPooling: () => ({ key, options: sizes }),
  initLearnedPositions: () => ({ key, tokens: 2, width: 4, deviation: 0.1 }),
  imagePatches: () => ({ images: tf.ones([1, 4, 4, 1]), patch: 2 }),
  patchEmbedding: () => ({
    images: tf.ones([1, 4, 4, 1]),
    ...{ kernel: tf.ones([2, 2, 1, 4]), bias: tf.ones([4]) },
  }),
  normalizeImages: () => ({
    pixels: tf.ones([1, 4, 4, 1]),
    preprocessing: { mean: [0], std: [1] },
  }),
  preprocessImages: () => ({ pixels: tf.ones([1, 6, 6, 1]), preprocessing: pictures }),
  vit: () => ({
    images: tf.ones([1, 4, 4, 1]),
    params: {
      ...attention.initEncoder(key, { ...sizes, qkNorm: true, depth: 1 }),
      ...{ 'embedding/kernel': tf.ones([2, 2, 1, 4]), 'embedding/bias': tf.ones([4]) },
      ...{ pos_embedding: tf.ones([1, 5, 4]), cls: tf.ones([1, 1, 4]) },
      ...withPrefix({ kernel: tf.ones([4, 2]), bias: tf.ones([2]) }, 'head/'),
    },
    options: {
      ...{ depth: 1, heads: 2, qkNorm: true, eps: 1e-6, layerScale: false, finalNorm: true },
      ...{ swiglu: false, gelu: 'erf', pooling: 'first', grid: [2, 2] },
      interpolation: { method: 'bicubic', antialias: true, offset: 0.1 },
    },
  }),
} satisfies Partial<Record<keyof typeof attention, () => object>>;

const all = { ...attention };

/** Without more options a block is one kernel. */
const plainBlock = () => ({
  ...{ x: x(), params: attention.initEncoderBlock(key, sizes) },
  options: { heads: 2, eps: 1e-6 },
});

await describeBackends('a wrong argument', () => {
  it.each(Object.keys(functions) as (keyof typeof functions)[])('of %s is named', (name) =>
    expectNoLeak(() => expectArgumentsNamed(all[name], functions[name])),
  );

  it('of a block that is one kernel is named', () =>
    expectNoLeak(() => expectArgumentsNamed(attention.encoderBlock, plainBlock)));

  it('is a flag that is a text, an offset without causal, dropout without a key', () => {
    tf.tidy(() => {
      const attend = (options: object) =>
        attention.scaledDotProductAttention(heads(), heads(), heads(), options);
      const blockOf = (options: object) =>
        attention.encoderBlock(x(), block(), { heads: 2, ...options });
      for (const call of [attend, blockOf]) {
        expect(() => call({ causal: 'false' })).toThrow(
          new TypeError('causal was "false"; it must be true or false'),
        );
        expect(() => call({ causalOffset: 2 })).toThrow(
          new RangeError(
            'causalOffset was 2 without causal; it must be left out, or causal be true',
          ),
        );
        expect(() => call({ dropout: { rate: 0.5 } })).toThrow(
          new TypeError('dropout.key was undefined; it must be a key, such as randomKey(seed)'),
        );
        expect(() => call({ mask: null })).toThrow(
          new TypeError('mask was null; it must be a tensor'),
        );
      }
      expect(() => blockOf({ attentionDropout: { rate: 0.5 } })).toThrow(
        new TypeError(
          'attentionDropout.key was undefined; it must be a key, such as randomKey(seed)',
        ),
      );
      expect(() => attention.encoderBlock(x(), undefined as never, { heads: 2 })).toThrow(
        new TypeError('params was undefined; it must be an object of tensors by names'),
      );
    });
  });
});
