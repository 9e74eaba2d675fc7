import { randomKey, randomUniform, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  numbers,
  numericGradients,
  poisonMemory,
  tolerances,
  toTensor,
  toTensors,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { layerNormNaive, linearNaive } from '@neverend/nn/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cachedAttention, type KeyValueCache } from '../src/index.ts';
import { attentionNaive } from '../src/scaled-dot-product-attention/naive.ts';
import { blockParams, identityParams, inputsBelow } from './block-inputs.ts';
import { rotaryNaive } from './rotary-naive.ts';

const attentionParams = (width: number, heads: number) =>
  inputsBelow(blockParams(width, heads, 1), 'MultiHeadDotProductAttention_0/');

const hidden = Number.NEGATIVE_INFINITY;

await describeBackends(
  'cachedAttention',
  (backend) => {
    it.each([
      ['from the first token, with norms of queries and keys', { past: 0, qkNorm: true }],
      ['from a cache, with every option', { past: 2, rotary: true, qkNorm: true, rate: 0.4 }],
    ])(
      "%s: has the reference's output and cache, and the gradients of finite differences",
      async (_, options) => {
        poisonMemory();
        const { past, rotary = false, qkNorm = false, rate = 0 } = options as Options;
        const [rows, tokens, heads, depth] = [2, 3, 2, 4];
        const width = heads * depth;
        const seen = past + tokens;
        const draw = (name: string, shape: readonly number[], scale = 1, mean = 0) =>
          normalInput(randomKey('cached', name), shape, scale, mean);
        const norms = {
          'query_ln/scale': draw('query_ln', [depth], 0.3, 1),
          'key_ln/scale': draw('key_ln', [depth], 0.3, 1),
        };
        const cache = {
          key: draw('key', [rows, past, heads, depth]),
          value: draw('value', [rows, past, heads, depth]),
        };
        const inputs = {
          x: draw('x', [rows, tokens, width]),
          ...(past > 0 ? cache : {}),
          ...attentionParams(width, heads),
          ...(qkNorm ? norms : {}),
        };
        const dropout = { rate, key: randomKey('dropped') };
        const factors = Array.from(randomUniform(dropout.key, rows * heads * tokens * seen), (u) =>
          u < rate ? 0 : 1 / (1 - rate),
        );
        const naive = (arrays: Record<string, Float64Array>): Float64Array => {
          const at = (name: string) => arrays[name] ?? new Float64Array();
          const project = (x: Float64Array, name: string) =>
            linearNaive({ x, kernel: at(`${name}/kernel`), bias: at(`${name}/bias`) });
          const placed = (name: string) => {
            const scale = arrays[`${name}_ln/scale`];
            const made = project(at('x'), name);
            const bias = new Float64Array(depth);
            const normed =
              scale === undefined ? made : layerNormNaive({ x: made, scale, bias }, 1e-6);
            const positions = Array.from({ length: tokens }, (_, token) => past + token);
            return rotary ? rotaryNaive(normed, [rows, tokens, heads, depth], positions) : normed;
          };
          const after = (before: Float64Array, next: Float64Array) =>
            Float64Array.from({ length: rows * seen * width }, (_, index) => {
              const [row, place] = [Math.floor(index / (seen * width)), index % (seen * width)];
              const old = past * width;
              return (
                (place < old
                  ? before[row * old + place]
                  : next[row * tokens * width + place - old]) ?? 0
              );
            });
          const k = after(at('key'), placed('key'));
          const v = after(at('value'), project(at('x'), 'value'));
          const sizes = { rows, queries: tokens, keys: seen, heads, depth, valueDepth: depth };
          const context = attentionNaive({ q: placed('query'), k, v }, sizes, {
            added: (_row, _head, i, j) => (j <= i + past ? 0 : hidden),
            ...(rate > 0 ? { factors } : {}),
          });
          return Float64Array.of(...project(context, 'out'), ...k, ...v);
        };
        const y = naive(numbers(inputs));
        const dy = draw('dy', [y.length]);
        const { rtol, atol } = tolerances[backend];
        await expectLikeReference({
          op: ({ x, key, value, ...params }) =>
            tf.tidy(() => {
              const before = key && value && { key, value };
              const result = cachedAttention(x as tf.Tensor, params, before, {
                heads,
                qkNorm,
                ...(rotary ? { rotary: {} } : {}),
                ...(rate > 0 ? { dropout } : {}),
              });
              const outputs = [result.y, result.cache.key, result.cache.value];
              return tf.concat(outputs.map((output) => tf.reshape(output, [-1])));
            }),
          inputs,
          dy,
          y,
          gradients: numericGradients(inputs, dy.data, naive),
          // A norm over four numbers multiplies rounding by what it divides by.
          tolerance: { rtol: 5 * rtol, atol: 5 * atol },
        });
      },
    );

    it('gives of a sequence cut at any points what it gives of the whole', async () => {
      poisonMemory();
      const [rows, tokens, width, heads] = [2, 9, 8, 2];
      const { x, ...params } = toTensors({
        x: normalInput(randomKey('x'), [rows, tokens, width]),
        ...attentionParams(width, heads),
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
              const { key, value } = cache as KeyValueCache;
              await expectTensorClose(key, await whole.cache.key.data());
              await expectTensorClose(value, await whole.cache.value.data());
              tf.dispose([parts, y, cache]);
            });
          },
        ),
        { numRuns: 4 },
      );
      tf.dispose([x, params, whole]);
    });

    it('turns queries and keys by their positions, no values, and sees no later token', async () => {
      poisonMemory();
      const [rows, tokens, heads, depth] = [2, 5, 2, 4];
      const x = normalInput(randomKey('x'), [rows, tokens, heads * depth]);
      const sizes = { rows, queries: tokens, keys: tokens, heads, depth, valueDepth: depth };
      const turned = rotaryNaive(x.data, [rows, tokens, heads, depth], [0, 1, 2, 3, 4]);
      const expected = attentionNaive({ q: turned, k: turned, v: x.data }, sizes, {
        added: (_row, _head, i, j) => (j > i ? hidden : 0),
      });
      const [params, input] = [identityParams(heads, depth), toTensor(x)];
      const { y, cache } = cachedAttention(input, params, undefined, { heads, rotary: {} });
      await expectTensorClose(y, expected, tolerances[backend]);
      await expectTensorClose(cache.key, turned, tolerances[backend]);
      await expectTensorClose(cache.value, x.data, tolerances[backend]);
      tf.dispose([params, input, y, cache]);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

interface Options {
  readonly past: number;
  readonly rotary?: boolean;
  readonly qkNorm?: boolean;
  readonly rate?: number;
}

describe('the arguments of cachedAttention', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const cache = { key: tf.zeros([1, 3, 2, 2]), value: tf.zeros([1, 2, 2, 2]) };
      expect(() => cachedAttention(tf.zeros([1, 1, 4]), {}, cache, { heads: 2 })).toThrow(
        new ShapeError('cache.value was [1, 2, 2, 2]; it must be [1, 3, 2, 2]'),
      );
    });
  });
});
