import { kernelMode, randomKey, watchBytes } from '@neverend/backend';
import { describeBackends, randomTensor } from '@neverend/backend/testing';
import { RowAdagrad } from '@neverend/optim';
import { rowGradients } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { initPeer, type PeerConfig, peer } from '../src/index.ts';

const width = 32;
const tokens = 48;

/** The most bytes that a step of training makes beside a layer with n² experts, and how many rows it moves. */
async function stepOf(n: number): Promise<{ bytes: number; rows: number }> {
  const config: PeerConfig = { heads: 2, k: 4, sizes: [n, n], keyWidth: 8, norm: 'layer' };
  const start = initPeer(randomKey(0), width, config, { keys: { normal: 1 } });
  const variables = Object.fromEntries(
    Object.entries(start).map(([name, value]) => [name, tf.variable(value, false, `${n} ${name}`)]),
  );
  const tables = { down: variables['down'] as tf.Variable, up: variables['up'] as tf.Variable };
  const dense = Object.entries(variables).filter(([name]) => !(name in tables));
  const x = randomTensor(randomKey('x'), [tokens, width]);
  const optimizer = new RowAdagrad({ learningRate: 0.1, per: 'row', tables });
  const step = async () => {
    const found = await rowGradients(
      () => tf.tidy(() => tf.sum(tf.square(peer(x, variables, config).y)) as tf.Scalar),
      { tables, variables: dense.map(([, variable]) => variable) },
    );
    await optimizer.applyGradients(found.rows);
    const rows = found.rows.up.indices.length;
    tf.dispose([found.value, found.grads, found.rows.up.rows, found.rows.down.rows]);
    return rows;
  };
  // The state of the optimiser is made in the first step.
  await step();
  // What is written in place counts as what was there before.
  const there = [...Object.values(variables), ...Object.values(optimizer.state())];
  const watch = watchBytes(there);
  const rows = await step();
  watch.end();
  optimizer.dispose();
  tf.dispose([start, variables, x]);
  const before = there.reduce((sum, { size }) => sum + 4 * size, 0);
  return { bytes: watch.peakBytes() - before, rows };
}

await describeBackends('a step of training', (backend) => {
  // Composites, which cpu has alone, cannot write in place.
  it.runIf(backend !== 'cpu' && kernelMode() !== 'composite')(
    'makes nothing of the size of the tables',
    async () => {
      const [small, large] = [await stepOf(32), await stepOf(128)];
      // 16 times the experts: 3.9 MB of tables more. Of the keys there are gradients, 4 times as many.
      const keyBytes = 4 * 2 * 2 * (128 - 32) * 8;
      expect(large.rows).toBeLessThanOrEqual(tokens * 8);
      expect(large.bytes - small.bytes).toBeLessThan(
        8 * keyBytes + 4 * 4 * width * (large.rows - small.rows),
      );
    },
  );
});
