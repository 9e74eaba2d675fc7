import { randomKey } from '@neverend/backend';
import { describeBackends, expectNoLeak, randomTensor } from '@neverend/backend/testing';
import { rowGradients } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { FeedForwardConfig } from '../../src/index.ts';
import { feedForward } from '../../src/language-model/feed-forward/index.ts';

const width = 6;
const retrieval = { heads: 2, k: 3, sizes: [4, 5], keyWidth: 3 } as const;
const layers: readonly FeedForwardConfig[] = [
  { kind: 'peer', ...retrieval },
  { kind: 'peer', ...retrieval, norm: 'none', lowRankHidden: 4, sharedHidden: 5 },
  { kind: 'memory', ...retrieval, output: 'plus', valueWidth: 7 },
  { kind: 'memory', ...retrieval, norm: 'layer', output: 'gated', splitTables: true },
];

describe('feed-forward layers that retrieve', () => {
  it('cost what can be counted by hand', () => {
    const { costs, shapes, tables, buffers, items } = feedForward(
      layers[0] as FeedForwardConfig,
      width,
    );
    // Query 6 x 12 with bias and norm, keys 2 x 9 x 3, tables 2 x 20 x 6 of which 6 rows of each are read.
    expect(costs).toEqual({
      parameters: 72 + 3 * 12 + 54 + 240,
      activeParameters: 72 + 3 * 12 + 54 + 72,
      flops: 2 * (72 + 54 + 72),
      tableBytes: 4 * 72,
    });
    expect([tables, items]).toEqual([['down', 'up'], { sizes: [4, 5], tables: 1 }]);
    expect(buffers).toEqual(['query/norm/mean', 'query/norm/variance']);
    expect(shapes['down']).toEqual([20, 6]);
  });

  it.each([
    [{ kind: 'peer', ...retrieval, k: 21 }, 'k was 21'],
    [{ kind: 'memory', ...retrieval, valueWidth: 7 }, 'valueWidth was 7'],
    [{ kind: 'memory', ...retrieval, output: 'all' }, 'output was "all"'],
    [{ kind: 'mlp' }, 'kind of a feed-forward was "mlp"'],
  ])('refuse %o', (config, message) => {
    expect(() => feedForward(config as FeedForwardConfig, width)).toThrow(message);
  });
});

await describeBackends('feed-forward layers that retrieve', () => {
  it.each(layers)(
    'have the parameters that they tell, and gradients of all that is trained: %o',
    async (config) => {
      await expectNoLeak(async () => {
        const layer = feedForward(config, width);
        const params = layer.init(randomKey(0));
        expect(
          Object.fromEntries(Object.entries(params).map(([name, { shape }]) => [name, shape])),
        ).toEqual(layer.shapes);
        const variables = tf.tidy(() =>
          Object.fromEntries(
            Object.entries(params).map(([name, value]) => [name, tf.variable(value, false)]),
          ),
        );
        const x = randomTensor(randomKey('x'), [9, width]) as tf.Tensor2D;
        const tables = Object.fromEntries(
          layer.tables.map((name) => [name, variables[name] as tf.Variable]),
        );
        const dense = Object.keys(params).filter(
          (name) => ![...layer.tables, ...layer.buffers].includes(name),
        );
        const { value, grads, rows } = await rowGradients(
          () =>
            tf.tidy(() => {
              const { y } = layer.apply(x, variables, { training: true });
              return tf.sum(tf.square(y)) as tf.Scalar;
            }),
          { tables, variables: dense.map((name) => variables[name] as tf.Variable) },
        );
        expect(Object.keys(grads)).toHaveLength(dense.length);
        for (const gradient of Object.values(rows)) {
          expect(gradient.indices.length).toBeGreaterThan(0);
          expect((await gradient.rows.data()).some((value) => value !== 0)).toBe(true);
        }
        const { buffers, picks, y } = tf.tidy(() => {
          const {
            y,
            buffers = {},
            picks,
          } = layer.apply(x, variables, { training: true, picks: true });
          return { y, buffers: { ...buffers }, picks: { ...picks } };
        });
        expect(Object.keys(buffers)).toEqual(layer.buffers);
        expect([y.shape, picks['indices']?.shape]).toEqual([
          [9, width],
          [9, 2, 3],
        ]);
        tf.dispose([params, variables, x, value, grads, buffers, y, picks]);
        tf.dispose(Object.values(rows).map((one) => one.rows));
      });
    },
  );
});
