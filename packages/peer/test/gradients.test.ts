import { randomKey } from '@neverend/backend';
import {
  currentTolerance,
  describeBackends,
  expectLikeReference,
  expectTensorClose,
  normalInput,
  numericGradients,
  randomTensor,
} from '@neverend/backend/testing';
import { gates, queryNetwork } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { allExperts, initPeer, type PeerConfig, peer, peerShapes } from '../src/index.ts';
import { naivePeer } from './naive-peer.ts';

const [T, D] = [4, 3];
const base: PeerConfig = { heads: 2, k: 3, sizes: [3, 4], keyWidth: 2, norm: 'none' };
const options: readonly Partial<PeerConfig>[] = [
  {},
  { scores: 'sigmoid', sharedHidden: 3 },
  { scores: 'relu', temperature: 0.5, activation: 'relu' },
  { lowRankHidden: 4, splitTables: true, order: 'row' },
  { splitTables: true, activation: 'gelu-tanh', temperature: 2 },
  { sizes: [2, 3, 2], k: 4, sharedHidden: 2, lowRankHidden: 2 },
];
/** With some experts active, and with all. */
const cases = options.flatMap((one) => {
  const config = { ...base, ...one };
  return [config, { ...config, k: 12 }].map((config) => ({ one, config, ...referenceOf(config) }));
});

/** In float64: outputs by plain loops, gradients by central differences of these. */
function referenceOf(config: PeerConfig) {
  const inputs = {
    x: normalInput(randomKey('x'), [T, D]),
    ...Object.fromEntries(
      Object.entries(peerShapes(D, config)).map(([name, shape]) => [
        name,
        normalInput(randomKey(name), shape, 0.7),
      ]),
    ),
  };
  const dy = normalInput(randomKey('dy'), [T, D]);
  const run = (arrays: Record<string, Float64Array>) => naivePeer(arrays, D, config);
  const arrays = Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));
  const { y, margin } = run(arrays);
  const gradients = numericGradients(inputs, dy.data, (moved) => run(moved).y);
  return { inputs, dy, y, margin, gradients };
}

await describeBackends('gradients of PEER', () => {
  it.each(cases)(
    'are the central differences of plain loops: $config.k of 12 experts a head, $one',
    async ({ config, inputs, dy, y, margin, gradients }) => {
      // A step of a difference moves scores by 1e-4 at most.
      expect(margin).toBeGreaterThan(1e-3);
      await expectLikeReference({
        op: ({ x, ...params }) => tf.tidy(() => peer(x as tf.Tensor, params, config).y),
        ...{ inputs, dy, y, gradients },
        tolerance: currentTolerance(),
      });
    },
  );

  it.each(['softmax', 'sigmoid', 'relu'] as const)(
    'with all experts active are those of the dense formula over the pool, of every parameter: %s',
    async (scores) => {
      const [tokens, width, heads, sizes] = [7, 5, 2, [3, 4]] as const;
      const config: PeerConfig = {
        ...{ heads, k: 12, sizes, keyWidth: 2, norm: 'layer', scores, temperature: 1.5 },
      };
      const params = initPeer(randomKey(1), width, config, { keys: { normal: 1 } });
      const names = Object.keys(params);
      const of = (values: readonly tf.Tensor[]) =>
        Object.fromEntries(names.map((name, at) => [name, values[at] as tf.Tensor]));
      const dense = (x: tf.Tensor, own: Record<string, tf.Tensor>) => {
        const query = Object.fromEntries(
          Object.entries(own).map(([name, value]) => [name.replace('query/', ''), value]),
        );
        const { queries } = queryNetwork(x, query, {
          ...{ heads, sets: 2, keyWidth: 2, norm: 'layer' },
        });
        const ys = Array.from({ length: heads }, (_, head) => {
          const [a, b] = [0, 1].map((set) => {
            const part = tf.reshape(tf.slice(queries, [0, head, set, 0], [tokens, 1, 1, 2]), [
              tokens,
              2,
            ]);
            const keys = tf.slice(own[`keys/${set}`] as tf.Tensor3D, [head, 0, 0], [1, -1, -1]);
            const n = sizes[set] as number;
            return tf.matMul(part, tf.reshape(keys, [n, 2]), false, true);
          }) as [tf.Tensor, tf.Tensor];
          const sums = tf.add(tf.expandDims(a, 2), tf.expandDims(b, 1));
          const all = gates(tf.reshape(sums, [tokens, 12]), scores, 1.5);
          return allExperts(x, all, own['down'] as tf.Tensor, own['up'] as tf.Tensor);
        });
        return tf.addN(ys);
      };
      const x = randomTensor(randomKey('x'), [tokens, width]);
      const dy = randomTensor(randomKey('dy'), [tokens, width]);
      const gradientsOf = (f: typeof dense) =>
        tf.tidy(() => [
          f(x, params),
          ...tf.grads((input: tf.Tensor, ...values: tf.Tensor[]) => f(input, of(values)))(
            [x, ...Object.values(params)],
            dy,
          ),
        ]);
      const [expected, found] = [
        gradientsOf(dense),
        gradientsOf((input, own) => peer(input, own, config).y),
      ];
      const tolerance = currentTolerance();
      for (const [at, tensor] of found.entries()) {
        const { shape } = expected[at] as tf.Tensor;
        const data = await (expected[at] as tf.Tensor).data();
        const largest = Math.max(1, ...Array.from(data, Math.abs));
        const numbers = { shape, data };
        await expectTensorClose(tensor, numbers, { ...tolerance, atol: largest * tolerance.atol });
      }
      tf.dispose([params, x, dy, expected, found]);
    },
  );
});
