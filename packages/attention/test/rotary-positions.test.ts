import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  tolerances,
  toTensor,
  toTensors,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cachedAttention,
  type KeyValueCache,
  rotaryPositions,
  spaceAttention,
} from '../src/index.ts';
import { attentionNaive } from '../src/scaled-dot-product-attention/naive.ts';
import { blockParams, inputsBelow } from './block-inputs.ts';

/** Each pair times e^(i position θ), as complex numbers. */
function rotaryNaive(x: Float64Array, shape: readonly number[], positions: readonly number[]) {
  const [, tokens = 1, heads = 1, depth = 2] = shape;
  return x.map((value, at) => {
    const [c, token] = [at % depth, Math.floor(at / depth / heads) % tokens];
    const pair = c % (depth / 2);
    const angle = (positions[token] ?? 0) / 10_000 ** ((2 * pair) / depth);
    const first = c < depth / 2;
    const other = x[first ? at + depth / 2 : at - depth / 2] ?? 0;
    return value * Math.cos(angle) + (first ? -1 : 1) * other * Math.sin(angle);
  });
}

await describeBackends('rotaryPositions', (backend) => {
  for (const positions of [
    [0, 1, 2, 3, 4],
    [7, 3, 0, 1000, -2],
  ]) {
    it(`turns pairs by the positions [${positions}], and its gradient back`, async () => {
      const shape = [2, 5, 3, 6];
      const x = normalInput(randomKey('x'), shape);
      const dy = normalInput(randomKey('dy'), shape);
      await expectLikeReference({
        op: ({ x }) => rotaryPositions(x as tf.Tensor, { positions }),
        inputs: { x },
        dy,
        y: rotaryNaive(x.data, shape, positions),
        gradients: {
          x: rotaryNaive(
            dy.data,
            shape,
            positions.map((position) => -position),
          ),
        },
        tolerance: tolerances[backend],
      });
    });
  }

  it('leaves a product of two tokens a function of their distance', async () => {
    const [q, k] = [1, 2].map((n) => tf.fill([1, 1, 1, 4], n)) as [tf.Tensor, tf.Tensor];
    const product = (i: number, j: number) =>
      tf.tidy(() =>
        tf.sum(tf.mul(rotaryPositions(q, { positions: i }), rotaryPositions(k, { positions: j }))),
      );
    const [a, b] = [product(3, 1), product(102, 100)];
    await expectTensorClose(a, await b.data(), { rtol: 1e-4, atol: 1e-4 });
    tf.dispose([q, k, a, b]);
  });
});

await describeBackends('cachedAttention', (backend) => {
  it('gives of a sequence cut at any points what it gives of the whole', async () => {
    const [rows, tokens, width, heads] = [2, 9, 8, 2];
    const { x, ...params } = toTensors({
      x: normalInput(randomKey('x'), [rows, tokens, width]),
      ...inputsBelow(blockParams(width, heads, 1), 'MultiHeadDotProductAttention_0/'),
    }) as Record<string, tf.Tensor> & { x: tf.Tensor };
    const options = { heads, rotary: {} };
    const whole = cachedAttention(x, params, undefined, options);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: tokens - 1 }), { maxLength: tokens - 1 }),
        async (cuts) => {
          await expectNoLeak(async () => {
            const bounds = [0, ...cuts.sort((a, b) => a - b), tokens];
            let cache: KeyValueCache | undefined;
            const parts: tf.Tensor[] = [];
            for (const [index, end] of bounds.slice(1).entries()) {
              const start = bounds[index] ?? 0;
              const part = tf.slice(x, [0, start, 0], [rows, end - start, width]);
              const step = cachedAttention(part, params, cache, options);
              tf.dispose([part, cache ?? []]);
              cache = step.cache;
              parts.push(step.y);
            }
            const y = tf.concat(parts, 1);
            await expectTensorClose(y, await whole.y.data(), {
              rtol: 10 * tolerances[backend].rtol,
              atol: 10 * tolerances[backend].atol,
            });
            const { key } = cache as KeyValueCache;
            await expectTensorClose(key, await whole.cache.key.data());
            tf.dispose([parts, y, cache]);
          });
        },
      ),
      { numRuns: 4 },
    );
    tf.dispose([x, params, whole]);
  });
});

await describeBackends('attention with projections that change nothing', (backend) => {
  const [rows, tokens, heads, depth] = [2, 5, 2, 4];
  const width = heads * depth;
  const sizes = { rows, queries: tokens, keys: tokens, heads, depth, valueDepth: depth };
  const x = normalInput(randomKey('x'), [rows, tokens, width]);
  const none = Number.NEGATIVE_INFINITY;

  /** Kernels that are the identity, and biases of 0. */
  function identity(): Record<string, tf.Tensor> {
    const names = ['query', 'key', 'value'];
    return tf.tidy(() => ({
      ...Object.fromEntries(
        names.flatMap((name) => [
          [`${name}/kernel`, tf.reshape(tf.eye(width), [width, heads, depth])],
          [`${name}/bias`, tf.zeros([heads, depth])],
        ]),
      ),
      'out/kernel': tf.reshape(tf.eye(width), [heads, depth, width]),
      'out/bias': tf.zeros([width]),
    }));
  }

  it('turns queries and keys by their positions, no values, and sees no later token', async () => {
    const turned = rotaryNaive(x.data, [rows, tokens, heads, depth], [0, 1, 2, 3, 4]);
    const expected = attentionNaive({ q: turned, k: turned, v: x.data }, sizes, {
      added: (_row, _head, i, j) => (j > i ? none : 0),
    });
    const [params, input] = [identity(), toTensor(x)];
    const { y, cache } = cachedAttention(input, params, undefined, { heads, rotary: {} });
    await expectTensorClose(y, expected, tolerances[backend]);
    await expectTensorClose(cache.key, turned, tolerances[backend]);
    await expectTensorClose(cache.value, x.data, tolerances[backend]);
    tf.dispose([params, input, y, cache]);
  });

  it('hides from spaceAttention what its mask hides, and later tokens where it is causal', async () => {
    const expected = attentionNaive({ q: x.data, k: x.data, v: x.data }, sizes, {
      added: (_row, _head, i, j) => (j > i || j === 1 ? none : 0),
    });
    const [params, input] = [identity(), toTensor(x)];
    const mask = tf.tensor([1, 0, 1, 1, 1], [1, 1, 1, tokens], 'bool');
    const y = spaceAttention(input, params, { heads, mask, causal: true });
    await expectTensorClose(y, expected, tolerances[backend]);
    tf.dispose([params, input, mask, y]);
  });
});

describe('the arguments of positions and caches', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      expect(() => rotaryPositions(tf.zeros([1, 2, 1, 3]))).toThrow(
        new ShapeError('x was [1, 2, 1, 3]; its last dimension must be even'),
      );
      expect(() => rotaryPositions(tf.zeros([1, 2, 1, 4]), { positions: [1] })).toThrow(
        new ShapeError('positions held 1 numbers; it must hold one for each of the 2 tokens'),
      );
      const cache = { key: tf.zeros([1, 3, 2, 2]), value: tf.zeros([1, 2, 2, 2]) };
      expect(() => cachedAttention(tf.zeros([1, 1, 4]), {}, cache, { heads: 2 })).toThrow(
        new ShapeError('cache.value was [1, 2, 2, 2]; it must be [1, 3, 2, 2]'),
      );
    });
  });
});
