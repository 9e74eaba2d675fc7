import fc from 'fast-check';
import { expect, it } from 'vitest';
import { pickedCells, rankedPicks } from '../../src/cli/usage-figures.ts';

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);

it('ranks items by their picks, without those that have none', () => {
  expect(rankedPicks(Float64Array.of(2, 0, 7, 3))).toEqual({
    ...{ even: 3 },
    points: [
      { rank: 1, picks: 7 },
      { rank: 2, picks: 3 },
      { rank: 3, picks: 2 },
    ],
  });
  expect(rankedPicks(new Float64Array(3))).toEqual({ points: [], even: 0 });
});

it('thins many ranks out, but for the first and the last one', () => {
  const { points } = rankedPicks(Float64Array.from({ length: 100_000 }, (_, at) => at + 1));
  expect(points.length).toBeLessThan(301);
  expect([points[0], points.at(-1)]).toEqual([
    { rank: 1, picks: 100_000 },
    { rank: 100_000, picks: 1 },
  ]);
});

it('maps items to the places of their keys, whatever their table', () => {
  // Two tables of 2 x 3 items.
  const cells = pickedCells(Float64Array.of(1, 0, 0, 0, 0, 5, 1, 0, 0, 0, 2, 0), 2, 3);
  expect(cells).toHaveLength(6);
  expect(cells.map(({ picks }) => picks)).toEqual([2, 0, 0, 0, 2, 5]);
  expect(cells.at(-1)).toEqual({ first: 1, firstEnd: 2, second: 2, secondEnd: 3, picks: 5 });
});

it('puts at most 64 x 64 cells over all items, which keep their sum', () => {
  const sizes = fc.integer({ min: 1, max: 200 });
  fc.assert(
    fc.property(sizes, sizes, fc.infiniteStream(fc.nat(9)), (n, m, counts) => {
      const picks = Float64Array.from({ length: n * m }, () => counts.next().value);
      const cells = pickedCells(picks, n, m);
      expect(cells.length).toBeLessThanOrEqual(64 * 64);
      const areas = cells.map((of) => (of.firstEnd - of.first) * (of.secondEnd - of.second));
      expect(sum(areas)).toBe(n * m);
      expect(sum(cells.map((of, at) => of.picks * (areas[at] ?? 0)))).toBeCloseTo(sum(picks), 6);
    }),
    { numRuns: 20 },
  );
});
