import { randomInt, randomKey } from '@neverend/backend';
import { expectLikeReference } from '@neverend/backend/testing';
import { pickedRowsArguments, rowProductsCase, weightedRowsCase } from './picked-rows-case.ts';
import { answer, bruteForce, makeSets } from './top-k-case.ts';

/** Halves from few levels: sums are exact, and many are equal. */
async function check(sizes: readonly number[], k: number, rows: number): Promise<void> {
  const sets = makeSets(sizes, rows, (set, count) =>
    Array.from(randomInt(randomKey('set', set), count, 40), (level) => level / 2 - 10),
  );
  const dy = Float32Array.from(randomInt(randomKey('dy'), rows * k, 100));
  const found = JSON.stringify(await answer(sets, rows, k, dy));
  const expected = JSON.stringify(bruteForce(sets, rows, k, dy));
  if (found !== expected) throw new Error(`${found} was to be ${expected}`);
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
