import { randomKey, useBackend } from '@neverend/backend';
import { initLinear } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import {
  attentionPooling,
  cachedAttention,
  crossAttention,
  encoder,
  encoderBlock,
  initAttentionPooling,
  initEncoder,
  initEncoderBlock,
  initLearnedPositions,
  initMlp,
  initSpaceAttention,
  interpolatePositions,
  mlp,
  poolTokens,
  rotaryPositions,
  scaledDotProductAttention,
  sincosPositions,
  spaceAttention,
  vitParams,
} from '../src/index.ts';

beforeAll(() => useBackend('cpu'));

const key = randomKey(1);
const sizes = { width: 4, heads: 2, mlpWidth: 3 };
const heads = () => tf.zeros([1, 2, 1, 2]);
const rotary = (options: object) => rotaryPositions(heads(), options);
const norm = () => ({ 'encoder_norm/scale': tf.ones([4]), 'encoder_norm/bias': tf.zeros([4]) });

const refused: readonly (readonly [message: string, call: () => unknown])[] = [
  ['inputWidth was 0; it must be a positive integer', () => initLinear(key, 0, 3)],
  ['outputWidth was 1.5; it must be a positive integer', () => initLinear(key, 2, 1.5)],
  [
    'mlpWidth was -3; it must be a positive integer',
    () => initMlp(key, { width: 2, mlpWidth: -3 }),
  ],
  [
    'width was 0; it must be a positive integer',
    () => initSpaceAttention(key, { width: 0, heads: 2 }),
  ],
  [
    'contextWidth was 0; it must be a positive integer',
    () => initSpaceAttention(key, { width: 4, heads: 2, contextWidth: 0 }),
  ],
  [
    'mlpWidth was 0; it must be a positive integer',
    () => initEncoderBlock(key, { ...sizes, mlpWidth: 0 }),
  ],
  [
    'width was -4; it must be a positive integer',
    () => initAttentionPooling(key, { ...sizes, width: -4 }),
  ],
  ['tokens was NaN; it must be a positive integer', () => initLearnedPositions(key, Number.NaN, 3)],
  ['deviation was -1; it must be a finite number >= 0', () => initLearnedPositions(key, 2, 3, -1)],
  [
    'depth was -1; it must be an integer >= 0',
    () => encoder(tf.zeros([1, 2, 4]), norm(), { depth: -1, heads: 2 }),
  ],
  [
    'prefix was -1; it must be an integer >= 0',
    () => interpolatePositions(tf.zeros([1, 3, 2]), [2, 2], [3, 3], -1),
  ],
  [
    'scale was NaN; it must be a finite number',
    () => scaledDotProductAttention(heads(), heads(), heads(), { scale: Number.NaN }),
  ],
  ['base was 0; it must be a finite number above 0', () => sincosPositions([2, 2], 4, 0)],
  ['base was -1; it must be a finite number above 0', () => rotaryPositions(heads(), { base: -1 })],
  [
    'positions was NaN; it must be a finite number',
    () => rotaryPositions(heads(), { positions: [0, Number.NaN] }),
  ],
  ['dims was "2"; it must be a positive even number', () => rotary({ dims: '2' })],
  ['dims was 2n; it must be a positive even number', () => rotary({ dims: 2n })],
  ['base was "2"; it must be a finite number above 0', () => rotary({ base: '2' })],
  ['factor was 2n; it must be a finite number above 0', () => rotary({ factor: 2n })],
  ['positions was 0n; it must be a finite number', () => rotary({ positions: [0n, 1n] })],
  [
    'cache was null; it must be an object with key and value',
    () => cachedAttention(tf.zeros([1, 1, 4]), {}, null as never, { heads: 2 }),
  ],
  [
    'heads was "2"; it must be a positive divisor of the width, 4',
    () => initSpaceAttention(key, { width: 4, heads: '2' as never }),
  ],
  [
    'kind was "last"; it must be "first" or "average"',
    () => poolTokens(tf.zeros([1, 2, 4]), 'last' as 'first'),
  ],
  [
    'eps was NaN; it must be a finite number >= 0',
    () => encoderBlock(tf.zeros([1, 2, 4]), {}, { heads: 2, eps: Number.NaN }),
  ],
];

it.each(refused)('refuses in one sentence: %s', (message, call) => {
  tf.tidy(() => {
    expect(call).toThrow(expect.objectContaining({ message }));
  });
});

it('names parameters with all of their path', () => {
  tf.tidy(() => {
    const block = initEncoderBlock(key, sizes);
    const params = Object.fromEntries(
      Object.entries(block).map(([name, tensor]) => [`encoderblock_0/${name}`, tensor]),
    );
    const name = 'encoderblock_0/MultiHeadDotProductAttention_0/out/kernel';
    const run = (changed: Record<string, tf.Tensor>) =>
      encoder(tf.zeros([1, 2, 4]), { ...params, ...norm(), ...changed }, { depth: 1, heads: 2 });
    expect(() => run({ [name]: tf.zeros([2, 3, 4]) })).toThrow(
      `params["${name}"] was [2, 3, 4]; it must be [2, 2, 4]`,
    );
    expect(() => encoder(tf.zeros([1, 2, 4]), norm(), { depth: 1, heads: 2 })).toThrow(
      'params["encoderblock_0/LayerNorm_0/scale"] was missing; it must be [4]',
    );
  });
});

const misspelt = { colour: 1 };
const dropout = { rate: 0.5, key };
const tokens = () => tf.zeros([1, 2, 4]);
const attention = () => initSpaceAttention(key, { width: 4, heads: 2 });
const ofAttention = 'mask, keyMask, causal, causalOffset, dropout';
const ofBlocks = `heads, qkNorm, ${ofAttention}, gelu, swiglu, attentionDropout, eps, layerScale`;
const vit = { width: 4, depth: 1, heads: 2, mlpWidth: 3, patch: 2, tokens: 5 };

/** Every public function with options, and a call of it that would be right but for one of them. */
const functions: readonly (readonly [owner: string, options: string, call: () => unknown])[] = [
  [
    'scaledDotProductAttention',
    `${ofAttention}, scale`,
    () => scaledDotProductAttention(heads(), heads(), heads(), { causal: true, ...misspelt }),
  ],
  [
    'dropout',
    'rate, key',
    () =>
      scaledDotProductAttention(heads(), heads(), heads(), {
        dropout: { ...dropout, ...misspelt },
      }),
  ],
  [
    'dropout',
    'rate, key',
    () =>
      encoderBlock(tokens(), initEncoderBlock(key, sizes), {
        heads: 2,
        dropout: { ...dropout, ...misspelt },
      }),
  ],
  [
    'spaceAttention',
    `heads, qkNorm, ${ofAttention}`,
    () => spaceAttention(tokens(), attention(), { heads: 2, ...misspelt }),
  ],
  [
    'crossAttention',
    `heads, qkNorm, ${ofAttention}`,
    () => crossAttention(tokens(), tokens(), attention(), { heads: 2, ...misspelt }),
  ],
  [
    'cachedAttention',
    'heads, qkNorm, mask, keyMask, dropout, rotary',
    () => cachedAttention(tokens(), attention(), undefined, { heads: 2, ...misspelt }),
  ],
  [
    'rotary of cachedAttention',
    'positions, base, dims, interleaved, factor',
    () =>
      cachedAttention(tokens(), attention(), undefined, {
        heads: 2,
        rotary: { base: 100, ...misspelt },
      }),
  ],
  [
    'rotaryPositions',
    'positions, base, dims, interleaved, factor',
    () => rotaryPositions(heads(), { positions: 3, ...misspelt }),
  ],
  [
    'encoderBlock',
    ofBlocks,
    () => encoderBlock(tokens(), initEncoderBlock(key, sizes), { heads: 2, ...misspelt }),
  ],
  [
    'encoder',
    `depth, finalNorm, ${ofBlocks}`,
    () =>
      encoder(tokens(), initEncoder(key, { ...sizes, depth: 1 }), {
        depth: 1,
        heads: 2,
        ...misspelt,
      }),
  ],
  [
    'mlp',
    'gelu, swiglu, dropout, norm, residual',
    () => mlp(tokens(), initMlp(key, { width: 4, mlpWidth: 3 }), { gelu: 'erf', ...misspelt }),
  ],
  [
    'attentionPooling',
    'heads, gelu, eps, mask, keyMask',
    () => attentionPooling(tokens(), initAttentionPooling(key, sizes), { heads: 2, ...misspelt }),
  ],
  [
    'initSpaceAttention',
    'width, heads, contextWidth, qkNorm',
    () => initSpaceAttention(key, { width: 4, heads: 2, ...misspelt }),
  ],
  [
    'initEncoderBlock',
    'width, heads, mlpWidth, qkNorm, layerScale',
    () => initEncoderBlock(key, { ...sizes, ...misspelt }),
  ],
  [
    'initEncoder',
    'depth, width, heads, mlpWidth, qkNorm, layerScale',
    () => initEncoder(key, { ...sizes, depth: 1, ...misspelt }),
  ],
  ['initMlp', 'width, mlpWidth', () => initMlp(key, { width: 4, mlpWidth: 3, ...misspelt })],
  [
    'initAttentionPooling',
    'width, heads, mlpWidth',
    () => initAttentionPooling(key, { ...sizes, ...misspelt }),
  ],
  [
    'vitParams',
    'width, depth, heads, mlpWidth, patch, channels, tokens, classes',
    () => vitParams({}, 'flax', { ...vit, ...misspelt }),
  ],
];

it.each(functions)('%s refuses an option that is not among %s', (owner, options, call) => {
  tf.tidy(() => {
    const message = `${owner} has no option "colour"; it takes ${options}`;
    expect(call).toThrow(new TypeError(message));
  });
});
