import { randomKey, useBackend } from '@neverend/backend';
import { randomTensor } from '@neverend/backend/testing';
import { RowAdagrad } from '@neverend/optim';
import { rowGradients } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { initPeer, type PeerConfig, peer } from '../src/index.ts';

const width = 256;
const config: PeerConfig = { heads: 8, k: 16, sizes: [1024, 1024], keyWidth: 128 };

describe.runIf(process.env['NEVEREND_LONG'] === '1')(
  'a million experts, in npm run test:long',
  () => {
    it.each(['wasm', 'tensorflow'] as const)(
      'train on %s with one number of state a row: 2.1 GB of tables',
      async (backend) => {
        await useBackend(backend);
        const start = initPeer(randomKey(0), width, config);
        const variables = Object.fromEntries(
          Object.entries(start).map(([name, value]) => [name, tf.variable(value, false)]),
        );
        tf.dispose(start);
        const tables = {
          down: variables['down'] as tf.Variable,
          up: variables['up'] as tf.Variable,
        };
        const buffers = ['query/norm/mean', 'query/norm/variance'];
        const dense = Object.keys(variables).filter(
          (name) => !(name in tables) && !buffers.includes(name),
        );
        const optimizer = new RowAdagrad({ learningRate: 0.05, per: 'row', tables });
        const x = randomTensor(randomKey('x'), [64, width]);
        const target = randomTensor(randomKey('target'), [64, width]);
        const losses: number[] = [];
        for (let step = 0; step < 5; step++) {
          const { value, grads, rows } = await rowGradients(
            () =>
              tf.tidy(() => {
                const { y } = peer(x, variables, config, { training: true });
                return tf.losses.meanSquaredError(target, y) as tf.Scalar;
              }),
            { tables, variables: dense.map((name) => variables[name] as tf.Variable) },
          );
          losses.push((await value.data())[0] ?? Number.NaN);
          await optimizer.applyGradients(rows);
          tf.dispose([value, grads, rows.up.rows, rows.down.rows]);
        }
        expect(losses.at(-1)).toBeLessThan(0.9 * (losses[0] ?? 0));
        optimizer.dispose();
        tf.dispose([variables, x, target]);
      },
      900_000,
    );
  },
);
