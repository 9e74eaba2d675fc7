import { randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  numbers,
  numericGradients,
  officialTolerances,
  poisonMemory,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { geluErfNaive, geluNaive, layerNormNaive } from '@neverend/nn/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { crossAttentionNaive } from '../src/cross-attention/naive.ts';
import { attentionPooling, initAttentionPooling, poolTokens, prependToken } from '../src/index.ts';
import { mlpNaive } from '../src/mlp/naive.ts';
import type { Arrays } from '../src/space-attention/naive.ts';
import { expectEachAlone, expectOnPermuted } from './row-properties.ts';

const [rows, tokens, width, heads, mlpWidth] = [2, 3, 4, 2, 5];

const below = (params: Arrays, prefix: string): Arrays =>
  Object.fromEntries(
    Object.entries(params).flatMap(([name, data]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data]] : [],
    ),
  );

function poolingNaive(arrays: Arrays, eps = 1e-6, gelu = geluNaive): Float64Array {
  const at = (name: string) => arrays[name] as Float64Array;
  const probes = Float64Array.from({ length: rows * width }, (_, i) => at('probe')[i % width] ?? 0);
  const sizes = { rows, queries: 1, keys: tokens, heads, depth: width / heads };
  const attention = below(arrays, 'MultiHeadDotProductAttention_0/');
  const attended = crossAttentionNaive(probes, at('x'), attention, {
    ...sizes,
    valueDepth: width / heads,
  });
  const norm = { x: attended, scale: at('LayerNorm_0/scale'), bias: at('LayerNorm_0/bias') };
  const hidden = mlpNaive(layerNormNaive(norm, eps), below(arrays, 'MlpBlock_0/'), gelu);
  return attended.map((value, index) => value + (hidden[index] ?? 0));
}

await describeBackends(
  'pooling',
  (backend) => {
    it.each([
      [{}, poolingNaive],
      [{ gelu: 'erf', eps: 0.1 }, (arrays: Arrays) => poolingNaive(arrays, 0.1, geluErfNaive)],
    ] as const)(
      "by attention with %j has the reference's output and gradients",
      async (options, naive) => {
        poisonMemory();
        const shapes = tf.tidy(() =>
          Object.entries(initAttentionPooling(randomKey(1), { width, heads, mlpWidth })).map(
            ([name, { shape }]) => [name, shape] as const,
          ),
        );
        const inputs = {
          x: normalInput(randomKey('x'), [rows, tokens, width]),
          ...Object.fromEntries(
            shapes.map(([name, shape]) => [name, normalInput(randomKey(name), shape, 0.5, 0.2)]),
          ),
        };
        const dy = normalInput(randomKey('dy'), [rows, width]);
        await expectLikeReference({
          op: ({ x, ...params }) => attentionPooling(x as tf.Tensor, params, { heads, ...options }),
          inputs,
          dy,
          y: naive(numbers(inputs)),
          gradients: numericGradients(inputs, dy.data, (arrays) => naive(arrays)),
          // The norm over four numbers multiplies rounding by what it divides by.
          tolerance: { rtol: 5 * tolerances[backend].rtol, atol: 5 * tolerances[backend].atol },
        });
      },
    );

    it('does not see the order of the tokens, by attention and as an average', async () => {
      const params = initAttentionPooling(randomKey(1), { width, heads, mlpWidth });
      const op = { shape: [2, 1, width], axis: 1, numRuns: backend === 'webgpu' ? 1 : 10 };
      const tolerance = officialTolerances[backend];
      const attention = { ...op, tolerance: 10 * tolerance };
      await expectOnPermuted(
        { ...attention, run: (x) => attentionPooling(x, params, { heads }) },
        'unchanged',
      );
      await expectOnPermuted(
        { ...op, tolerance, run: (x) => poolTokens(x, 'average') },
        'unchanged',
      );
      tf.dispose(params);
    });

    it('treats every row by itself', async () => {
      const params = initAttentionPooling(randomKey(1), { width, heads, mlpWidth });
      const op = { shape: [1, tokens, width], axis: 0, numRuns: backend === 'webgpu' ? 1 : 6 };
      for (const run of [
        (x: tf.Tensor) => attentionPooling(x, params, { heads }),
        (x: tf.Tensor) => poolTokens(x, 'first'),
        (x: tf.Tensor) => poolTokens(x, 'average'),
      ]) {
        await expectEachAlone({ ...op, tolerance: 10 * officialTolerances[backend], run });
      }
      tf.dispose(params);
    });

    it('takes the token that was put first, or the average, and their gradients', async () => {
      poisonMemory();
      await expectNoLeak(async () => {
        const x = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
        const token = tf.tensor3d([9, 10], [1, 1, 2]);
        const longer = prependToken(x, token);
        await expectTensorClose(longer, {
          shape: [2, 3, 2],
          data: [9, 10, 1, 2, 3, 4, 9, 10, 5, 6, 7, 8],
        });
        const [first, average] = [poolTokens(longer, 'first'), poolTokens(x, 'average')];
        await expectTensorClose(first, { shape: [2, 2], data: [9, 10, 9, 10] });
        await expectTensorClose(average, { shape: [2, 2], data: [2, 3, 6, 7] });
        const [dx, dToken] = tf.grads((x, token) =>
          tf.sum(
            tf.square(poolTokens(prependToken(x as tf.Tensor, token as tf.Tensor), 'average')),
          ),
        )([x, token]) as [tf.Tensor, tf.Tensor];
        // Averages are 13/3, 16/3 and 7, 8; twice these over three.
        const [a, b] = [
          [26 / 9, 32 / 9],
          [14 / 3, 16 / 3],
        ] as const;
        await expectTensorClose(dx, [...a, ...a, ...b, ...b]);
        await expectTensorClose(dToken, [26 / 9 + 14 / 3, 32 / 9 + 16 / 3]);
        tf.dispose([x, token, longer, first, average, dx, dToken]);
      });
    });

    it('draws equal weights for equal keys', async () => {
      const sizes = { width: 6, heads: 2, mlpWidth: 5 };
      const [a, b] = [1, 1].map((n) => initAttentionPooling(randomKey(n), sizes)) as [
        Record<string, tf.Tensor>,
        Record<string, tf.Tensor>,
      ];
      expect(a['probe']?.shape).toEqual([1, 1, 6]);
      for (const [name, tensor] of Object.entries(a)) {
        await expectTensorClose(tensor, await (b[name] as tf.Tensor).data(), { rtol: 0, atol: 0 });
      }
      tf.dispose([a, b]);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
