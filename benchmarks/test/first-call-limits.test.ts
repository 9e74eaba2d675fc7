import { describe, expect, it } from 'vitest';
import { limits, misses } from '../src/first-call/limits.ts';
import type { FirstCallResult } from '../src/first-call/types.ts';

type Where = Pick<FirstCallResult, 'place' | 'backend'>;

/** Results where stock takes 100 ms, and the others as much beyond that as is said. */
function results(
  where: Where,
  { empty = 0, composites = 0, gradient = 0 },
): readonly FirstCallResult[] {
  const one = (way: FirstCallResult['way'], beyond: number, overSecond = 0): FirstCallResult => ({
    ...{ ...where, way, threads: 1, runs: 1 },
    times: {
      start: 60,
      first: 40 + beyond,
      second: 1,
      gradient: 10 + overSecond,
      secondGradient: 10,
    },
  });
  return [
    one('stock', 0),
    one('composites', composites),
    one('empty store', empty, gradient),
    // Only the empty store is held to anything.
    one('kept verdicts', 100_000, 100_000),
    one('trust', 100_000, 100_000),
  ];
}

const wasm: readonly Where[] = ['Node', 'page', 'module worker'].map((place) => ({
  place,
  backend: 'wasm',
}));
const tensorflow: Where = { place: 'Node', backend: 'tensorflow' };
const webgpu: Where = { place: 'page', backend: 'webgpu' };

describe('the limits of the first call', () => {
  it.each([...wasm.map((where) => ({ where, limit: 150 })), { where: tensorflow, limit: 300 }])(
    'hold $where.backend in $where.place to $limit ms beyond stock',
    ({ where, limit }) => {
      expect(limits[where.backend].beyondStock).toBe(limit);
      expect(misses(results(where, { empty: limit }))).toEqual([]);
      expect(misses(results(where, { empty: limit + 1 }))).toEqual([
        `${where.place}, ${where.backend}, empty store: beyond stock is ${limit + 1} ms; the limit is ${limit} ms`,
      ]);
    },
  );

  it.each([...wasm, tensorflow])('hold the first gradient on $backend in $place', (where) => {
    expect(misses(results(where, { gradient: 500 }))).toEqual([]);
    expect(misses(results(where, { gradient: 501 }))).toEqual([
      `${where.place}, ${where.backend}, empty store: the first gradient over the second is 501 ms; the limit is 500 ms`,
    ]);
  });

  it('hold webgpu to half more than composites alone, and to no number', () => {
    const slow = { composites: 4000, gradient: 9000 };
    expect(misses(results(webgpu, { ...slow, empty: 6000 }))).toEqual([]);
    expect(misses(results(webgpu, { ...slow, empty: 6001 }))).toEqual([
      'page, webgpu, empty store: beyond stock is 6001 ms; the limit is 6000 ms',
    ]);
  });

  it('take what cannot be told for a miss', () => {
    const [stock, ...others] = results(tensorflow, {});
    expect(stock?.way).toBe('stock');
    expect(misses(others)).toEqual([
      'Node, tensorflow, empty store: beyond stock has nothing to be held against',
    ]);
    const bare = results(webgpu, {}).filter(({ way }) => way !== 'composites');
    expect(misses(bare)).toHaveLength(1);
    expect(misses(results(tensorflow, { empty: Number.NaN }))).toHaveLength(1);
  });

  it('name each miss', () => {
    const all = [
      ...wasm.flatMap((where) => results(where, { empty: 200, gradient: 600 })),
      ...results(tensorflow, { empty: 200 }),
    ];
    expect(misses(all)).toHaveLength(6);
  });
});
