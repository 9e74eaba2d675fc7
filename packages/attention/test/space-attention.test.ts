import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  numbers,
  officialTolerances,
  poisonMemory,
  tolerances,
  toTensor,
  toTensors,
  webgpuIfLong,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { initSpaceAttention, spaceAttention } from '../src/index.ts';
import { attentionNaive } from '../src/scaled-dot-product-attention/naive.ts';
import { spaceAttentionBackwardNaive, spaceAttentionNaive } from '../src/space-attention/naive.ts';
import { blockParams, identityParams, inputsBelow } from './block-inputs.ts';
import { expectEachAlone, expectOnPermuted } from './row-properties.ts';

const attentionParams = (width: number, heads: number) =>
  inputsBelow(blockParams(width, heads, 1), 'MultiHeadDotProductAttention_0/');

await describeBackends(
  'spaceAttention',
  (backend) => {
    for (const [rows, tokens, width, heads] of [
      [1, 1, 1, 1],
      [1, 5, 6, 1],
      [3, 1, 6, 3],
      [2, 7, 10, 5],
      [3, 5, 12, 12],
      [4, 8, 16, 2],
    ] as const) {
      it(`has the reference's output and gradients for ${rows} rows, ${tokens} tokens, width ${width}, ${heads} heads`, async () => {
        poisonMemory();
        const params = attentionParams(width, heads);
        const x = normalInput(randomKey('x'), [rows, tokens, width]);
        const dy = normalInput(randomKey('dy'), [rows, tokens, width]);
        const sizes = { rows, tokens, width, heads };
        const gradients = spaceAttentionBackwardNaive(x.data, numbers(params), sizes, dy.data);
        await expectLikeReference({
          op: ({ x, ...rest }) => spaceAttention(x as tf.Tensor, rest, { heads }),
          inputs: { x, ...params },
          dy,
          y: spaceAttentionNaive(x.data, numbers(params), sizes),
          gradients: { x: gradients.x, ...gradients.params },
          tolerance: tolerances[backend],
        });
      });
    }

    it('permutes its output as its tokens are permuted, and treats every row by itself', async () => {
      const params = toTensors(attentionParams(8, 2));
      const op = {
        run: (x: tf.Tensor) => spaceAttention(x, params, { heads: 2 }),
        tolerance: officialTolerances[backend],
        numRuns: backend === 'webgpu' ? 1 : 10,
      };
      await expectOnPermuted({ ...op, shape: [2, 1, 8], axis: 1 }, 'permuted');
      await expectEachAlone({ ...op, shape: [1, 3, 8], axis: 0 });
      tf.dispose(params);
    });

    it('hides what its mask hides, and later tokens where it is causal', async () => {
      const [rows, tokens, heads, depth] = [2, 5, 2, 4];
      const x = normalInput(randomKey('x'), [rows, tokens, heads * depth]);
      const sizes = { rows, queries: tokens, keys: tokens, heads, depth, valueDepth: depth };
      const expected = attentionNaive({ q: x.data, k: x.data, v: x.data }, sizes, {
        added: (_row, _head, i, j) => (j > i || j === 1 ? Number.NEGATIVE_INFINITY : 0),
      });
      const [params, input] = [identityParams(heads, depth), toTensor(x)];
      const mask = tf.tensor([1, 0, 1, 1, 1], [1, 1, 1, tokens], 'bool');
      const y = spaceAttention(input, params, { heads, mask, causal: true });
      await expectTensorClose(y, expected, tolerances[backend]);
      tf.dispose([params, input, mask, y]);
    });

    it('averages the values where all scores are equal, and picks one where it towers', async () => {
      // One head; queries and keys are 0 and then large; values and output are the tokens themselves.
      const eye = tf.eye(2);
      const base = tf.tidy(() => ({
        'query/kernel': tf.zeros([2, 1, 2]),
        'key/kernel': tf.keep(tf.reshape(eye, [2, 1, 2])),
        'value/kernel': tf.keep(tf.reshape(eye, [2, 1, 2])),
        'out/kernel': tf.keep(tf.reshape(eye, [1, 2, 2])),
        'query/bias': tf.zeros([1, 2]),
        'key/bias': tf.zeros([1, 2]),
        'value/bias': tf.zeros([1, 2]),
        'out/bias': tf.zeros([2]),
      }));
      const x = tf.tensor3d([1, 0, 0, 1], [1, 2, 2]);
      const even = spaceAttention(x, base, { heads: 1 });
      await expectTensorClose(even, { shape: [1, 2, 2], data: [0.5, 0.5, 0.5, 0.5] });
      const bias = tf.tensor2d([1000, 0], [1, 2]);
      const picked = spaceAttention(x, { ...base, 'query/bias': bias }, { heads: 1 });
      await expectTensorClose(picked, { shape: [1, 2, 2], data: [1, 0, 1, 0] });
      tf.dispose([eye, base, x, even, bias, picked]);
    });

    it('leaks nothing when it throws', async () => {
      const params = toTensors(attentionParams(6, 2));
      const x = tf.zeros([2, 3, 6]);
      await expect(
        expectNoLeak(() => spaceAttention(x, { ...params, 'out/bias': x }, { heads: 2 })),
      ).rejects.toThrow(ShapeError);
      tf.dispose([params, x]);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('the arguments of spaceAttention', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const params = initSpaceAttention(randomKey(1), { width: 6, heads: 2 });
      const x = tf.zeros([2, 3, 6]);
      expect(() => spaceAttention(x, params, { heads: 4 })).toThrow(
        new ShapeError('heads was 4; it must be a positive divisor of the width, 6'),
      );
      expect(() => spaceAttention(x, params, { heads: 0 })).toThrow('heads was 0');
      expect(() => spaceAttention(x, params, { heads: 3 })).toThrow(
        new ShapeError('params["query/kernel"] was [6, 2, 3]; it must be [6, 3, 2]'),
      );
      const { 'key/bias': _, ...rest } = params;
      expect(() => spaceAttention(x, rest, { heads: 2 })).toThrow(
        new ShapeError('params["key/bias"] was missing; it must be [2, 3]'),
      );
      expect(() => spaceAttention(tf.zeros([3, 6]), params, { heads: 2 })).toThrow(
        new ShapeError('x was [3, 6]; it must be [rows, N, D]'),
      );
    });
  });
});
