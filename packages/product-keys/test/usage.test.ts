import { expectNoLeak } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { convertIndices, ItemUsage } from '../src/index.ts';

/** Picks of tokens by heads, all with the weight 1 unless others are given. */
async function count(
  sizes: readonly number[],
  picks: readonly (readonly (readonly number[])[])[],
  weights?: readonly (readonly (readonly number[])[])[],
  tables?: number,
): Promise<ReturnType<ItemUsage['report']>> {
  const usage = new ItemUsage(sizes, tables);
  await expectNoLeak(async () => {
    const indices = tf.tensor3d(picks as number[][][], undefined, 'int32');
    const gates = weights ? tf.tensor3d(weights as number[][][]) : tf.ones(indices.shape);
    await usage.add({ indices, gates });
    tf.dispose([indices, gates]);
  });
  return usage.report();
}

describe('usage of items', () => {
  it('of one item of N is as uneven as can be: log N', async () => {
    const report = await count([4, 5], [[[7]], [[7]]]);
    expect(report).toMatchObject({ tokens: 2, coverage: 1 / 20, headOverlap: 0 });
    expect(report.unevenness).toBeCloseTo(Math.log(20), 12);
    expect([report.items, report.effectiveItems]).toEqual([20, 1]);
    expect(report.deadKeys).toEqual([
      [0, 2, 3],
      [0, 1, 3, 4],
    ]);
  });

  it('of all items alike is even', async () => {
    const all = Array.from({ length: 6 }, (_, item) => [[item]]);
    const report = await count([2, 3], all);
    expect(report.coverage).toBe(1);
    expect(report.unevenness).toBeCloseTo(0, 12);
    expect(report.effectiveItems).toBeCloseTo(6, 12);
    expect(report.deadKeys).toEqual([[], []]);
  });

  it('goes by weights: 3/4 and 1/4 of two items', async () => {
    const report = await count([2], [[[0, 1]]], [[[0.75, 0.25]]]);
    expect(report.unevenness).toBeCloseTo(
      Math.log(2) + 0.75 * Math.log(0.75) + 0.25 * Math.log(0.25),
      12,
    );
    expect((await count([2], [[[0, 1]]], [[[0, 0]]])).unevenness).toBeUndefined();
  });

  it('tells how many picks heads share, whether their tables are one or not', async () => {
    // Heads share 1 of 2 picks in the first token, none in the second.
    const shared = [
      [
        [0, 1],
        [1, 2],
      ],
      [
        [0, 1],
        [2, 3],
      ],
    ];
    expect((await count([4], shared)).headOverlap).toBe(0.25);
    const split = shared.map(([one = [], two = []]) => [one, two.map((item) => item + 4)]);
    const report = await count([4], split, undefined, 2);
    expect([report.headOverlap, report.coverage]).toEqual([0.25, 5 / 8]);
  });

  it('refuses what it cannot count', async () => {
    const indices = tf.tensor3d([[[2]]], undefined, 'int32');
    const used = { indices, gates: tf.ones([1, 1, 1]) };
    await expect(new ItemUsage([2]).add(used)).rejects.toThrow('indices had 2; there are 2 items');
    tf.dispose(used);
    expect(() => new ItemUsage([])).toThrow('sizes was empty');
    expect(() => new ItemUsage('55' as never)).toThrow('sizes was "55"; it must be a list');
    expect(() => new ItemUsage(undefined as never)).toThrow('sizes was undefined; it must be a');
    expect(() => new ItemUsage([65_536, 65_536])).toThrow(
      'sizes [65536, 65536] are 4294967296 items; there must be below 2^31',
    );
    expect(() => new ItemUsage([40_000, 40_000], 8)).toThrow(
      'sizes [40000, 40000] of 8 tables are 12800000000 items; there must be below 2^31',
    );
    expect(() => new ItemUsage([3]).report()).toThrow('no token was counted');
  });
});

it('says how many items there is no room to count', () => {
  vi.stubGlobal(
    'Float64Array',
    class {
      constructor() {
        throw new RangeError('Array buffer allocation failed');
      }
    },
  );
  try {
    expect(() => new ItemUsage([46_340, 46_340])).toThrow(
      'there is no room to count 2147395600 items; each takes 16 bytes',
    );
  } finally {
    vi.unstubAllGlobals();
  }
});

it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])(
  'refuses gates with %d, and counts nothing of them',
  async (bad) => {
    const usage = new ItemUsage([4]);
    const [indices, gates] = [
      tf.tensor3d([[[0, 1]]], undefined, 'int32'),
      tf.tensor3d([[[1, bad]]]),
    ];
    await expect(usage.add({ indices, gates })).rejects.toThrow(
      `gates had ${bad}; they must be finite numbers >= 0`,
    );
    expect([...usage.picks]).toEqual([0, 0, 0, 0]);
    tf.dispose([indices, gates]);
  },
);

describe('convertIndices', () => {
  it('counts the first set fastest, or the last', () => {
    const all = Int32Array.from({ length: 6 }, (_, item) => item);
    expect([...convertIndices(all, [2, 3], 'first-slowest')]).toEqual([0, 2, 4, 1, 3, 5]);
    expect([...convertIndices(all, [2, 3], 'first-fastest')]).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it('there and back is nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        (sizes) => {
          const items = sizes.reduce((product, n) => product * n, 1);
          const all = Int32Array.from({ length: items }, (_, item) => item);
          const there = convertIndices(all, sizes, 'first-slowest');
          expect(new Set(there).size).toBe(items);
          expect(convertIndices(there, sizes, 'first-fastest')).toEqual(all);
        },
      ),
    );
  });

  it('refuses items that there are not', () => {
    expect(() => convertIndices([6], [2, 3], 'first-slowest')).toThrow('indices had 6');
    expect(() => convertIndices([1.5], [2, 3], 'first-slowest')).toThrow('indices had 1.5');
    expect(() => convertIndices([0], [70_000, 70_000], 'first-slowest')).toThrow('below 2^31');
    expect(() => convertIndices([0], '55' as never, 'first-slowest')).toThrow('sizes was "55"');
    expect(() => convertIndices([0], [2, 3], 'last' as never)).toThrow('from was "last"');
  });
});
