// In a process of its own: it counts how often picks are sorted.
import { randomInt, randomKey } from '@neverend/backend';
import { describeBackends, expectNoLeak, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { expertsApply, rowGradients, weightedRows } from '../src/index.ts';
import { sortPicks } from '../src/sort-picks.ts';

vi.mock('../src/sort-picks.ts', async (original) => {
  const own = await original<typeof import('../src/sort-picks.ts')>();
  return { ...own, sortPicks: vi.fn(own.sortPicks) };
});

await describeBackends('row gradients', () => {
  it('sort each set of picks once, for all tables that have it', async () => {
    await expectNoLeak(async () => {
      const [N, D, T, K] = [40, 5, 6, 4];
      const table = (name: string) =>
        tf.tidy(() => tf.variable(randomTensor(randomKey(name), [N, D]), false));
      const tables = { down: table('down'), up: table('up'), values: table('values') };
      const picksOf = (name: string) =>
        tf.tensor3d(Int32Array.from(randomInt(randomKey(name), T * K, N)), [2, T / 2, K], 'int32');
      const [of, others] = [picksOf('a'), picksOf('b')];
      const x = randomTensor(randomKey('x'), [2, T / 2, D]);
      const gates = randomTensor(randomKey('gates'), [2, T / 2, K]);
      vi.mocked(sortPicks).mockClear();
      const { value, grads, rows } = await rowGradients(
        () =>
          tf.tidy(() => {
            const { down, up, values } = tables;
            const y = expertsApply(x, of, gates, down, up);
            return tf.sum<tf.Scalar>(tf.square(tf.add(y, weightedRows(values, others, gates))));
          }),
        { tables, variables: [] },
      );
      expect(sortPicks).toHaveBeenCalledTimes(2);
      expect(rows.down.indices).toEqual(rows.up.indices);
      expect(rows.values.indices).not.toEqual(rows.up.indices);
      tf.dispose([value, grads, Object.values(rows).map((one) => one.rows)]);
      tf.dispose([of, others, x, gates, Object.values(tables)]);
    });
  });
});
