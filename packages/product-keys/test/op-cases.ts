import { randomInt, randomKey } from '@neverend/backend';
import { expectLikeReference } from '@neverend/backend/testing';
import { pickedRowsArguments, rowProductsCase, weightedRowsCase } from './picked-rows-case.ts';
import { makeSearch, type Search, searchAnswer, searchBruteForce } from './search-case.ts';
import { answer, bruteForce, makeSets } from './top-k-case.ts';

/** Halves from few levels: sums are exact, and many are equal. */
async function check(sizes: readonly number[], k: number, rows: number): Promise<void> {
  const sets = makeSets(sizes, rows, (set, count) =>
    Array.from(randomInt(randomKey('set', set), count, 40), (level) => level / 2 - 10),
  );
  const dy = Float32Array.from(randomInt(randomKey('dy'), rows * k, 100));
  expectSame(await answer(sets, rows, k, dy), bruteForce(sets, rows, k, dy));
}

function expectSame(found: object, expected: object): void {
  const [one, other] = [found, expected].map((value) => JSON.stringify(value));
  if (one !== other) throw new Error(`${one} was to be ${other}`);
}

/** Whole numbers: products are exact, and many are equal. */
async function checkSearch(of: Search): Promise<void> {
  const data = makeSearch(of, (name, count) =>
    Array.from(randomInt(randomKey(name, count), count, 7), (value) => value - 3),
  );
  // JSON has no -0.
  expectSame(await searchAnswer(of, data), searchBruteForce(of, data));
}

/** Held against all sums on the current backend; the tests of backend run them in browsers. */
export const opCases: readonly { readonly name: string; readonly check: () => Promise<void> }[] = [
  ...(
    [
      { sizes: [1, 1], k: 1, rows: 1 },
      { sizes: [5, 70], k: 3, rows: 7 },
      { sizes: [130, 67], k: 16, rows: 5 },
      { sizes: [6, 7], k: 42, rows: 2 },
      { sizes: [9, 5, 11], k: 20, rows: 3 },
    ] as const
  ).map(({ sizes, k, rows }) => ({
    name: `the top ${k} of ${sizes.join(' x ')}`,
    check: () => check(sizes, k, rows),
  })),
  ...(
    [
      { tokens: 1, heads: 1, sizes: [1], width: 1, k: 1 },
      { tokens: 50, heads: 2, sizes: [130, 67], width: 16, k: 16 },
      { tokens: 3, heads: 3, sizes: [1030, 2], width: 9, k: 40 },
    ] as const
  ).map((of) => ({
    name: `productKeySearch among ${of.sizes.join(' x ')} keys, ${of.k} at a time`,
    check: () => checkSearch(of),
  })),
  ...pickedRowsArguments.flatMap((args) => [
    {
      name: `weightedRows of ${args[2]} rows of ${args[3]} numbers`,
      check: () => expectLikeReference(weightedRowsCase(...args)),
    },
    {
      name: `rowProducts of ${args[2]} rows of ${args[3]} numbers`,
      check: () => expectLikeReference(rowProductsCase(...args)),
    },
  ]),
];
