import { randomKey, randomUniform, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  type Inputs,
  normalInput,
  numbers,
  numericGradients,
  officialTolerances,
  poisonMemory,
  randomTensor,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { crossAttentionNaive } from '../src/cross-attention/naive.ts';
import { crossAttention, initSpaceAttention, spaceAttention } from '../src/index.ts';
import { expectEachAlone, expectOnPermuted } from './row-properties.ts';

const [rows, queries, keys, heads, depth, context] = [2, 3, 5, 2, 4, 3];
const width = heads * depth;
const sizes = { rows, queries, keys, heads, depth, valueDepth: depth };

function inputsOf(qkNorm: boolean): Inputs {
  const params = tf.tidy(() =>
    Object.entries(
      initSpaceAttention(randomKey(1), { width, heads, contextWidth: context, qkNorm }),
    ).map(([name, { shape }]) => [name, shape] as const),
  );
  return {
    x: normalInput(randomKey('x'), [rows, queries, width]),
    context: normalInput(randomKey('context'), [rows, keys, context]),
    ...Object.fromEntries(
      params.map(([name, shape]) => [
        name,
        normalInput(randomKey(name), shape, 0.5, name.endsWith('scale') ? 1 : 0),
      ]),
    ),
  };
}

await describeBackends(
  'crossAttention',
  (backend) => {
    it("has the reference's output and gradients", async () => {
      poisonMemory();
      const inputs = inputsOf(false);
      const dy = normalInput(randomKey('dy'), [rows, queries, width]);
      const naive = ({ x, context, ...params }: Record<string, Float64Array>) =>
        crossAttentionNaive(x as Float64Array, context as Float64Array, params, sizes);
      await expectLikeReference({
        op: ({ x, context, ...params }) =>
          crossAttention(x as tf.Tensor, context as tf.Tensor, params, { heads }),
        inputs,
        dy,
        y: naive(numbers(inputs)),
        gradients: numericGradients(inputs, dy.data, naive),
        tolerance: tolerances[backend],
      });
    });

    it("has the reference's output and gradients with norms of queries and keys, a mask, causal and with dropout", async () => {
      poisonMemory();
      const mask = normalInput(randomKey('mask'), [heads, queries, keys]);
      const inputs = { ...inputsOf(true), mask };
      const dy = normalInput(randomKey('dy'), [rows, queries, width]);
      const [causalOffset, rate] = [2, 0.4];
      const dropout = { rate, key: randomKey('dropout') };
      const factors = Array.from(randomUniform(dropout.key, rows * heads * queries * keys), (u) =>
        u < rate ? 0 : 1 / (1 - rate),
      );
      const naive = ({ x, context, mask, ...params }: Record<string, Float64Array>) =>
        crossAttentionNaive(x as Float64Array, context as Float64Array, params, sizes, {
          factors,
          added: (_row, head, i, j) =>
            j <= i + causalOffset
              ? (mask?.[(head * queries + i) * keys + j] ?? 0)
              : Number.NEGATIVE_INFINITY,
        });
      await expectLikeReference({
        op: ({ x, context, mask, ...params }) =>
          crossAttention(x as tf.Tensor, context as tf.Tensor, params, {
            ...{ heads, qkNorm: true, causal: true, causalOffset, dropout },
            mask: mask as tf.Tensor,
          }),
        inputs,
        dy,
        y: naive(numbers(inputs)),
        gradients: numericGradients(inputs, dy.data, naive),
        tolerance: tolerances[backend],
      });
    });

    it('permutes its output as its queries, does not see the order of the context, and treats every row by itself', async () => {
      const params = initSpaceAttention(randomKey(1), { width, heads, contextWidth: context });
      const draw = (name: string, shape: readonly number[]) => randomTensor(randomKey(name), shape);
      const [x, other] = [draw('x', [rows, queries, width]), draw('other', [rows, keys, context])];
      const numRuns = backend === 'webgpu' ? 1 : 8;
      const common = { tolerance: officialTolerances[backend], numRuns, axis: 1 };
      await expectOnPermuted(
        {
          ...common,
          run: (of) => crossAttention(of, other, params, { heads }),
          shape: [rows, 1, width],
        },
        'permuted',
      );
      await expectOnPermuted(
        {
          ...common,
          run: (of) => crossAttention(x, of, params, { heads }),
          shape: [rows, 1, context],
        },
        'unchanged',
      );
      await expectEachAlone({
        ...common,
        axis: 0,
        run: (of) =>
          tf.tidy(() =>
            crossAttention(of, tf.slice(of, [0, 0, 0], [-1, -1, context]), params, { heads }),
          ),
        shape: [1, queries, width],
      });
      tf.dispose([params, x, other]);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('the arguments of crossAttention', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      const params = initSpaceAttention(randomKey(1), { width, heads, contextWidth: context });
      const x = tf.zeros([2, 3, width]);
      expect(() => crossAttention(x, tf.zeros([1, 5, 3]), params, { heads })).toThrow(
        new ShapeError('context was [1, 5, 3]; it must be [2, N, C]'),
      );
      expect(() => crossAttention(x, tf.zeros([2, 5, 4]), params, { heads })).toThrow(
        new ShapeError('params["key/kernel"] was [3, 2, 4]; it must be [4, 2, 4]'),
      );
      expect(() =>
        spaceAttention(x, initSpaceAttention(randomKey(1), { width, heads }), {
          heads,
          qkNorm: true,
        }),
      ).toThrow(new ShapeError('params["query_ln/scale"] was missing; it must be [4]'));
    });
  });
});
