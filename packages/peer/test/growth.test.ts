import { kernelMode, randomKey, withPeakBytes } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  randomTensor,
} from '@neverend/backend/testing';
import { RowSGD } from '@neverend/optim';
import { rowGradients, startedTable } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  copyExperts,
  growExperts,
  initPeer,
  openKeys,
  type PeerConfig,
  peer,
  pruneExperts,
  withoutFrozen,
} from '../src/index.ts';

const width = 6;
const config: PeerConfig = {
  ...{ heads: 2, k: 3, sizes: [5, 4], keyWidth: 3, norm: 'layer', order: 'token' },
};
const make = (of: PeerConfig = config) =>
  initPeer(randomKey(1), width, of, { keys: { normal: 1 } });
const tokens = () => randomTensor(randomKey('x'), [40, width]);

async function outcome(x: tf.Tensor, params: Record<string, tf.Tensor>, of: PeerConfig) {
  const { y, indices } = tf.tidy(() => {
    const { y, retrieved } = peer(x, params, of);
    return { y, indices: retrieved.indices };
  });
  const [values, picks] = [await y.data(), await indices.data()];
  tf.dispose([y, indices]);
  return { values, picks };
}

await describeBackends('a PEER layer that grows', (backend) => {
  it.each<Partial<PeerConfig>>([
    {},
    { splitTables: true, scores: 'sigmoid' },
    { lowRankHidden: 5, sharedHidden: 3, norm: 'batch' },
  ])('gives what it gave until its new keys are opened: %o', async (options) => {
    await expectNoLeak(async () => {
      const small = { ...config, ...options };
      const [x, params] = [tokens(), make(small)];
      const before = await outcome(x, params, small);
      const grown = growExperts(params, width, small, [7, 9], randomKey(2));
      const after = await outcome(x, grown.params, grown.config);
      if (backend === 'cpu') {
        for (const [at, value] of after.values.entries()) {
          expect(value).toBeCloseTo(before.values[at] ?? 0, 6);
        }
      } else expect(after.values).toEqual(before.values);
      // Expert i 4 + j became i 9 + j, and each head has 63 where it had 20.
      const moved = (row: number) => {
        const [head, item] = [Math.floor(row / 20), row % 20];
        return head * 63 + Math.floor(item / 4) * 9 + (item % 4);
      };
      expect([...after.picks]).toEqual(Array.from(before.picks, moved));
      // And once more.
      const again = growExperts(grown.params, width, grown.config, [8, 9], randomKey(3));
      const last = await outcome(x, again.params, again.config);
      if (backend !== 'cpu') expect(last.values).toEqual(before.values);
      tf.dispose([x, params, grown.params, again.params]);
    });
  });

  // On wasm picks of few rows go row by row, of more rows token by token, in tables that no cache keeps.
  it.each([
    { title: 'small ones', wide: width, sizes: [5, 4], to: [7, 9] },
    ...(backend === 'wasm'
      ? [{ title: 'wide ones', wide: 2 ** 15, sizes: [16, 16], to: [20, 20] }]
      : []),
  ])(
    'in any order of picks has the same picks, and what it gave to 1e-6: $title',
    async ({ wide, sizes, to }) => {
      await expectNoLeak(async () => {
        const small: PeerConfig = {
          ...{ heads: 2, k: 16, sizes, keyWidth: 3, norm: 'layer', order: 'auto' },
        };
        const x = randomTensor(randomKey('x'), [32, wide]);
        const params = initPeer(randomKey(1), wide, small, { keys: { normal: 1 } });
        const grown = growExperts(params, wide, small, to, randomKey(2));
        const before = await outcome(x, params, small);
        const after = await outcome(x, grown.params, grown.config);
        const [n = 1, m = 1] = [sizes[1], to[1]];
        const moved = (row: number) => Math.floor(row / n) * m + (row % n);
        expect([...after.picks]).toEqual(Array.from(before.picks, moved));
        const { values } = before;
        let largest = 1;
        let furthest = 0;
        for (const [at, value] of after.values.entries()) {
          largest = Math.max(largest, Math.abs(value));
          furthest = Math.max(furthest, Math.abs(value - (values[at] ?? Number.NaN)));
        }
        expect(furthest).toBeLessThan(1e-6 * largest);
        // The orders were two.
        if (wide > width && kernelMode() !== 'composite') expect(furthest).toBeGreaterThan(0);
        tf.dispose([x, params, grown.params]);
      });
    },
  );

  it('has old experts at their new places and new ones beside them, and beside the tables little is in memory', async () => {
    const [from, to, heads, wide] = [[32, 8, 16], [64, 16, 32], 2, 64] as const;
    const small: PeerConfig = {
      ...{ heads, k: 2, sizes: from, keyWidth: 2, norm: 'none', splitTables: true },
    };
    await expectNoLeak(async () => {
      const params = initPeer(randomKey(1), wide, small);
      const { result, peakBytes } = withPeakBytes(() =>
        growExperts(params, wide, small, to, randomKey(2)),
      );
      const bytes = Object.values(result.params).reduce((sum, { size }) => sum + 4 * size, 0);
      // In place where there is a kernel; else one table is copied at a time. Rows are made by 4.2 MB.
      const inPlace = backend !== 'cpu' && kernelMode() !== 'composite';
      const table = 4 * heads * wide * to[0] * to[1] * to[2];
      expect(peakBytes).toBeLessThan(bytes + (inPlace ? 0 : 2 * table) + 3 * 4.2e6);
      for (const name of ['down', 'up']) {
        // Set by set, each with a table of its own for what is new.
        const expected = tf.tidy(() => {
          let rows = params[name] as tf.Tensor;
          for (const [set, n] of from.entries()) {
            const before = to.slice(0, set).reduce((product, m) => product * m, heads as number);
            const after = wide * from.slice(set + 1).reduce((product, m) => product * m, 1);
            const added = (to[set] ?? 0) - n;
            const start = { normal: 1 / Math.sqrt(wide) };
            const more = startedTable(
              randomKey(randomKey(2).low, randomKey(2).high, name, set),
              [before * added, after],
              start,
            );
            rows = tf.concat(
              [tf.reshape(rows, [before, n, after]), tf.reshape(more, [before, added, after])],
              1,
            );
          }
          return rows;
        });
        const [a, b] = (
          await Promise.all([expected.data(), (result.params[name] as tf.Tensor).data()])
        ).map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
        expect((a as Buffer).equals(b as Buffer)).toBe(true);
        expected.dispose();
      }
      tf.dispose([params, result.params]);
    });
  });

  it('picks new experts once their keys are open, and these learn', async () => {
    await expectNoLeak(async () => {
      const [x, params] = [tokens(), make()];
      const grown = growExperts(params, width, config, [9, 9], randomKey(2), {
        keys: { normal: 1 },
      });
      const names = ['key_bias/0', 'key_bias/1'];
      const closed = names.map((name) => grown.params[name] as tf.Tensor);
      const newOnes = (picks: ArrayLike<number>) =>
        Array.from(picks).filter((row) => row >= 45 || row % 9 >= 4).length;
      let last = 0;
      for (const share of [0, 0.01, 1]) {
        const open = openKeys(closed, share);
        const own = {
          ...grown.params,
          ...Object.fromEntries(names.map((name, at) => [name, open[at] as tf.Tensor])),
        };
        const count = newOnes((await outcome(x, own, grown.config)).picks);
        if (share === 0) expect(count).toBe(0);
        else expect(count).toBeGreaterThan(last);
        last = count;
        if (share === 1) {
          const tables = tf.tidy(() => ({
            down: tf.variable(own['down'] as tf.Tensor, false),
            up: tf.variable(own['up'] as tf.Tensor, false),
          }));
          const { value, grads, rows } = await rowGradients(
            () =>
              tf.tidy(
                () =>
                  tf.sum(tf.square(peer(x, { ...own, ...tables }, grown.config).y)) as tf.Scalar,
              ),
            { tables, variables: [] },
          );
          expect(newOnes(rows.up.indices)).toBeGreaterThan(0);
          tf.dispose([tables, value, grads, rows.up.rows, rows.down.rows]);
        }
        tf.dispose(open);
      }
      tf.dispose([x, params, grown.params]);
    });
  });

  it('without keys that no token picks gives what it gave', async () => {
    await expectNoLeak(async () => {
      const [x, params] = [tokens(), make()];
      const grown = growExperts(params, width, config, [6, 7], randomKey(2));
      const pruned = pruneExperts(grown.params, width, grown.config, [
        [0, 1, 2, 3, 4],
        [0, 1, 2, 3],
      ]);
      expect(pruned.config.sizes).toEqual([5, 4]);
      for (const name of ['down', 'up', 'keys/0', 'keys/1', 'query/kernel']) {
        const { shape } = params[name] as tf.Tensor;
        const data = await (params[name] as tf.Tensor).data();
        await expectTensorClose(
          pruned.params[name] as tf.Tensor,
          { shape, data },
          { rtol: 0, atol: 0 },
        );
      }
      const [before, after] = [
        await outcome(x, params, config),
        await outcome(x, pruned.params, pruned.config),
      ];
      expect(after.picks).toEqual(before.picks);
      tf.dispose([x, params, grown.params, pruned.params]);
    });
  });

  it('copies experts, and leaves frozen ones as they are', async () => {
    await expectNoLeak(async () => {
      const tables = tf.tidy(() =>
        ['a', 'b'].map((name) => tf.variable(randomTensor(randomKey(name), [6, 3]), false)),
      ) as [tf.Variable, tf.Variable];
      const before = (await tables[1].data()).slice();
      copyExperts(tables, [5, 0], [1, 2]);
      const copied = (await tables[1].data()).slice();
      expect(copied.slice(3, 6)).toEqual(before.slice(15, 18));
      expect(copied.slice(6, 9)).toEqual(before.slice(0, 3));
      expect(copied.slice(9)).toEqual(before.slice(9));

      const rows = tf.ones([3, 3]) as tf.Tensor2D;
      const gradient = { indices: Int32Array.of(1, 3, 4), rows };
      const kept = withoutFrozen(gradient, (row) => row === 3);
      expect([...kept.indices]).toEqual([1, 4]);
      const optimizer = new RowSGD({ learningRate: 1, tables: { table: tables[1] } });
      await optimizer.applyGradients({ table: kept });
      const stepped = await tables[1].data();
      expect(stepped.slice(9, 12)).toEqual(copied.slice(9, 12));
      expect(stepped[3]).toBeCloseTo((copied[3] ?? 0) - 1, 5);
      const none = withoutFrozen(gradient, () => true);
      expect([none.indices.length, none.rows.shape]).toEqual([0, [0, 3]]);
      optimizer.dispose();
      tf.dispose([tables, rows, kept.rows, none.rows]);
    });
  });
});

it('refuses what does not fit, by name', () => {
  const params = make();
  const key = randomKey(0);
  expect(() => growExperts(params, width, config, [6], key)).toThrow('sizes had 1 numbers');
  expect(() => growExperts(params, width, config, [4, 4], key)).toThrow('sizes[0] was 4');
  expect(() => openKeys([], 2)).toThrow('share was 2');
  expect(() => pruneExperts(params, width, config, [[0], [1, 0]])).toThrow('keep[1] had 0');
  expect(() => pruneExperts(params, width, config, [[0], [1]])).toThrow('k was 3');
  expect(() => pruneExperts(params, width, config, [[], [0]])).toThrow(
    'keep[0] was empty; it must have the keys of the set that stay',
  );
  expect(() => pruneExperts(params, width, config, [[0], 1 as never])).toThrow(
    'keep[1] was 1; it must be a list',
  );
  expect(() => pruneExperts(params, width, config, undefined as never)).toThrow(
    'keep was undefined; it must be a list',
  );
  expect(() => growExperts(params, width, config, 6 as never, key)).toThrow('sizes was 6; it');
  expect(() => growExperts(undefined as never, width, config, [6, 6], key)).toThrow(
    'params was undefined',
  );
  expect(() => openKeys(tf.zeros([2]) as never, 1)).toThrow(
    'closed was a tensor; it must be a list',
  );
  const before = tf.memory().numTensors;
  const { up: _, ...without } = params;
  expect(() => growExperts(without, width, config, [6, 6], key)).toThrow('params["up"]');
  expect(() =>
    pruneExperts(without, width, config, [
      [0, 1],
      [1, 2],
    ]),
  ).toThrow('params["up"]');
  expect(tf.memory().numTensors).toBe(before);
  const table = tf.variable(tf.zeros([2, 3]));
  expect(() => copyExperts([table], [0], [2])).toThrow('to had 2; it must be from 0 to 1');
  expect(() => copyExperts([table], [0, 1], [1, 1])).toThrow('twice');
  tf.dispose([params, table]);
});
