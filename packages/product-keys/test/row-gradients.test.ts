import { kernelMode, randomInt, randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowGradients, rowProducts, weightedRows } from '../src/index.ts';
import { sortPicks } from '../src/sort-picks.ts';
import { summedPicks } from '../src/summed-picks/index.ts';
import { summedPicksNaive } from '../src/summed-picks/naive.ts';

const some = (seed: string, count: number, below: number): Int32Array =>
  Int32Array.from(randomInt(randomKey(seed, count), count, below));

/** A variable that leaves no other tensor. */
const variable = (make: () => tf.Tensor, trainable: boolean, name?: string): tf.Variable =>
  tf.tidy(() => tf.variable(make(), trainable, name));

describe('sortPicks', () => {
  it('has each row once, and its picks in their order', () => {
    const sorted = sortPicks(Int32Array.of(7, 2, 7, 0, 2, 7));
    expect([...sorted.rows]).toEqual([0, 2, 7]);
    expect([...sorted.picks]).toEqual([3, 1, 4, 0, 2, 5]);
    expect([...sorted.starts]).toEqual([0, 1, 3, 6]);
  });

  it('takes the largest rows, and none', () => {
    const top = 2 ** 31 - 1;
    expect([...sortPicks(Int32Array.of(top, top - 1, top)).rows]).toEqual([top - 1, top]);
    const none = sortPicks(new Int32Array(0));
    expect([none.rows.length, [...none.starts]]).toEqual([0, [0]]);
  });
});

await describeBackends('gradients of rows', (backend) => {
  it.each([
    [1, 1, 1, 1],
    [9, 5, 4, 7],
    [40, 16, 300, 33],
  ])(
    'are summed as plain loops do: %i sources of %i picks of %i rows, %i wide',
    async (count, perSource, of, width) => {
      const sorted = sortPicks(some('picks', count * perSource, of));
      const factors = randomTensor(randomKey('factors'), [count, perSource]);
      const sources = randomTensor(randomKey('sources'), [count, width]);
      const [picks, starts] = [sorted.picks, sorted.starts].map((list) =>
        tf.tensor1d(list, 'int32'),
      );
      const data = summedPicksNaive(await factors.data(), await sources.data(), sorted, {
        perSource,
        width,
      });
      const sums = summedPicks({
        factors,
        sources,
        picks: picks as tf.Tensor,
        starts: starts as tf.Tensor,
      });
      await expectTensorClose(sums, { shape: [sorted.rows.length, width], data });
      tf.dispose([factors, sources, picks, starts, sums]);
    },
  );

  it('are the dense ones, of a table that is used twice, of another one, and of variables', async () => {
    await expectNoLeak(async () => {
      const [N, D, T, K] = [30, 5, 6, 4];
      const table = variable(() => randomTensor(randomKey('table'), [N, D]), false);
      const other = variable(() => randomTensor(randomKey('other'), [7, D]), true);
      const unused = variable(() => tf.ones([3, 2]), true);
      const weights = variable(() => randomTensor(randomKey('weights'), [T, K]), true, 'weights');
      const indices = [some('a', T * K, N), some('b', T * K, N), some('c', T * K, 7)].map((list) =>
        tf.tensor2d(list, [T, K], 'int32'),
      ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const lossOf = (one: tf.Tensor, two: tf.Tensor, w: tf.Tensor) =>
        tf.tidy(() => {
          const sums = tf.add(weightedRows(one, indices[0], w), weightedRows(two, indices[2], w));
          const products = tf.tanh(rowProducts(one, indices[1], sums));
          const all = tf.add(sums, weightedRows(one, indices[1], products));
          return tf.sum(tf.square(all)) as tf.Scalar;
        });
      const tables = { table, other, unused };
      const found = await rowGradients(() => lossOf(table, other, weights), {
        tables,
        variables: [weights],
      });
      const dense = tf.grads((one: tf.Tensor, two: tf.Tensor, w: tf.Tensor) => lossOf(one, two, w))(
        [table, other, weights],
      ) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const value = lossOf(table, other, weights);
      await expectTensorClose(found.value, { shape: [], data: await value.data() });
      expect(Object.keys(found.grads)).toEqual(['weights']);
      await expectTensorClose(found.grads['weights'] as tf.Tensor, {
        shape: [T, K],
        data: await dense[2].data(),
      });
      for (const [name, n, gradient] of [
        ['table', N, dense[0]],
        ['other', 7, dense[1]],
      ] as const) {
        const { indices: rows, rows: values } = found.rows[name];
        expect([...rows]).toEqual([...new Set(rows)].sort((a, b) => a - b));
        const full = new Float64Array(n * D);
        const data = await values.data();
        for (const [at, row] of rows.entries())
          full.set(data.subarray(at * D, (at + 1) * D), row * D);
        await expectTensorClose(gradient, { shape: [n, D], data: full });
      }
      expect([found.rows.unused.indices.length, found.rows.unused.rows.shape]).toEqual([0, [0, 2]]);
      tf.dispose([table, other, unused, weights, indices, dense, value, found.value, found.grads]);
      tf.dispose(Object.values(found.rows).map(({ rows }) => rows));
    });
  });

  // Composites may add in float64, or in another order.
  it.runIf(backend !== 'cpu' && kernelMode() !== 'composite')(
    'are summed in the order of tokens, and of picks within one, each sum rounded to float32',
    async () => {
      // Beside 2^25 a 1 is lost, so that the order shows.
      const value = fc.constantFrom(2 ** 25, -(2 ** 25), 1, 3, -5);
      const pick = fc.tuple(fc.nat(2), value);
      const tokens = fc.array(fc.tuple(pick, pick), { minLength: 1, maxLength: 30 });
      let ordered = 0;
      await fc.assert(
        fc.asyncProperty(tokens, async (list) => {
          const picks = list.flat();
          const indices = tf.tensor2d(
            picks.map(([row]) => row),
            [list.length, 2],
            'int32',
          );
          const weights = tf.tensor2d(
            picks.map(([, weight]) => weight),
            [list.length, 2],
          );
          const table = variable(() => tf.ones([3, 1]), false);
          const loss = (one: tf.Tensor) =>
            tf.tidy(() => tf.sum(weightedRows(one, indices, weights)) as tf.Scalar);
          const found = await rowGradients(() => loss(table), { tables: { table }, variables: [] });
          const dense = tf.grad(loss)(table);
          const sums = (of: typeof picks) => {
            const all = [0, 0, 0];
            for (const [row, weight] of of) all[row] = Math.fround((all[row] ?? 0) + weight);
            return all;
          };
          const expected = sums(picks);
          if (sums([...picks].reverse()).some((sum, row) => sum !== expected[row])) ordered++;
          const { indices: rows, rows: values } = found.rows.table;
          expect([...(await values.data())]).toEqual(Array.from(rows, (row) => expected[row]));
          expect([...(await dense.data())]).toEqual(expected);
          tf.dispose([indices, weights, table, dense, found.value, values]);
        }),
        { numRuns: 40, seed: 1 },
      );
      expect(ordered).toBeGreaterThan(10);
    },
  );

  it('of a loss that throws leave nothing', async () => {
    await expectNoLeak(async () => {
      const table = variable(() => tf.ones([3, 2]), false);
      const failing = rowGradients(
        () => {
          throw new Error('boom');
        },
        { tables: { table }, variables: [] },
      );
      await expect(failing).rejects.toThrow('boom');
      table.dispose();
    });
  });
});

describe('refuses', () => {
  const table = (): tf.Variable => variable(() => tf.ones([3, 2]), false);
  const loss = () => tf.scalar(0);

  it.each([
    [undefined, 'tables was undefined; it must be an object of variables [N, D]'],
    [null, 'tables was null; it must be an object of variables [N, D]'],
    [[], 'tables was a list; it must be an object of variables [N, D]'],
    [{ up: undefined }, 'tables.up was undefined; it must be a variable [N, D]'],
    [{ up: tf.ones([3, 2]) }, 'tables.up was a tensor; it must be a variable [N, D]'],
    [{ up: tf.variable(tf.ones([3])) }, 'tables.up was [3]; it must be [N, D]'],
    [{ up: tf.variable(tf.ones([3, 2], 'int32')) }, 'tables.up was int32; it must be float32'],
  ])('tables that are none: %o', async (tables, message) => {
    const refused = rowGradients(loss, { tables } as never);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(/Cannot read|undefined or null/);
  });

  it('one table under two names, or among the variables, also by another variable of its numbers', async () => {
    await expectNoLeak(async () => {
      const one = table();
      const alias = tf.variable(one, true);
      await expect(rowGradients(loss, { tables: { a: one, b: one } })).rejects.toThrow(
        'tables.b was the table of tables.a; each must be a table of its own',
      );
      for (const variables of [[one], [alias], undefined]) {
        await expect(
          rowGradients(loss, { tables: { a: one }, ...(variables && { variables }) }),
        ).rejects.toThrow(/^variables had tables\.a; /);
      }
      await expect(rowGradients(loss, { tables: {}, variables: one as never })).rejects.toThrow(
        'variables was a tensor; it must be a list of variables',
      );
      await expect(
        rowGradients(loss, { tables: {}, variables: [undefined as never] }),
      ).rejects.toThrow('variables[0] was undefined; it must be a variable');
      tf.dispose([one, alias]);
    });
  });

  it.each([
    [() => tf.ones([1, 3]), 'loss gave [1, 3]; it must give a scalar'],
    [() => tf.ones([1]), 'loss gave [1]; it must give a scalar'],
    [() => 3, 'loss gave 3; it must give a scalar'],
    [() => tf.scalar(1, 'int32'), 'loss was int32; it must be float32'],
  ])('a loss that is no scalar: %o', async (lossOf, message) => {
    await expectNoLeak(async () => {
      const one = table();
      const refused = rowGradients(lossOf as never, { tables: { one }, variables: [] });
      await expect(refused).rejects.toThrow(message);
      one.dispose();
    });
  });

  it('unknown options, and none', async () => {
    await expect(rowGradients(loss, { tables: {}, table: 1 } as never)).rejects.toThrow(
      'rowGradients has no option "table"',
    );
    await expect(rowGradients(loss, undefined as never)).rejects.toThrow(TypeError);
  });
});
