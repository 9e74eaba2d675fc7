import { useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { LazyAdam, RowAdagrad } from '../../src/index.ts';

it('state that wasm has no room for is refused before it is made, and Adagrad by rows is named', async () => {
  await useBackend('wasm');
  // 1.2 GB: with two numbers for each of its own it would be 3.6 GB more than is there.
  const table = tf.variable(tf.zeros([300_000, 1000]), false, 'table');
  const gradient = { indices: Int32Array.of(7), rows: tf.ones([1, 1000]) as tf.Tensor2D };
  const adam = new LazyAdam({
    learningRate: 1,
    tables: { table, other: tf.variable(tf.zeros([200_000, 1000]), false) },
  });
  const before = tf.memory().numBytes;
  await expect(adam.applyGradients({ table: gradient, other: gradient })).rejects.toThrow(
    /^there is no room for table\/m \[300000, 1000\], .*RowAdagrad and `per: "row"`/,
  );
  expect(tf.memory().numBytes).toBe(before);
  const adagrad = new RowAdagrad({ learningRate: 1, per: 'row', tables: { table } });
  await adagrad.applyGradients({ table: gradient });
  expect((await tf.tidy(() => tf.slice(table, [7, 0], [1, 1])).data())[0]).toBeLessThan(0);
  adam.dispose();
  adagrad.dispose();
  tf.disposeVariables();
  gradient.rows.dispose();
});
