import { type KernelCase, randomInt, randomKey, randomPermutation } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { Numbered, TopPairsAttrs, TopPairsGradAttrs } from './types.ts';

/** One item, sets that differ, fewer items than pairs, all pairs, more rows than 16 bits count. */
const shapes: readonly (readonly [rows: number, n: number, m: number, k: number])[] = [
  [1, 1, 1, 1],
  [3, 5, 4, 3],
  [2, 9, 7, 63],
  [5, 170, 133, 16],
  [65_537, 3, 2, 2],
];

/** Numbers of pairs then reach almost 2^31. */
const stretch = 301;
/** Numbers of items in no order, all different in a row. */
const order = (rows: number, n: number) =>
  Array.from(randomPermutation(randomKey('items', rows, n), n), (item) => stretch * item);
const itemsOf = (isNumbered: boolean, rows: number, n: number) => () => {
  if (!isNumbered) return tf.zeros([1, 1], 'int32');
  const items = order(rows, n);
  const all = Int32Array.from({ length: rows * n }, (_, at) => items[at % n] ?? 0);
  return tf.tensor2d(all, [rows, n], 'int32');
};
const sizeOf = (numbered: Numbered, m: number): number => (numbered === 2 ? stretch * m : m);

// Numbers of few values, so that many sums are equal.
const few = (name: string, rows: number, n: number) => () =>
  tf.tensor2d(
    Float32Array.from(randomInt(randomKey(name, rows, n), rows * n, 9), (value) => value / 4),
    [rows, n],
  );

const choices: readonly Numbered[] = [0, 1, 2];

export const topPairsCases: readonly KernelCase<TopPairsAttrs>[] = shapes.flatMap(
  ([rows, n, m, k]) =>
    choices.map((numbered) => {
      const scores = { a: few('a', rows, n), b: few('b', rows, m) };
      const items = itemsOf(numbered > 0, rows, n);
      const others = itemsOf(numbered > 1, rows, m);
      const attrs = { k, size: sizeOf(numbered, m), numbered };
      return Object.assign(randomCase({}, attrs, { ...scores, items, others }), {
        size: rows * (n + m),
      });
    }),
);

export const topPairsGradCases: readonly KernelCase<TopPairsGradAttrs>[] = shapes.flatMap(
  ([rows, n, m, k]) =>
    choices.map((numbered) => {
      const size = sizeOf(numbered, m);
      const [first, second] = [order(rows, n), order(rows, m)];
      const pairs = () => {
        const places = randomInt(randomKey('pair', rows), rows * k, n * m);
        const numbers = Int32Array.from(places, (pair) => {
          const [i, j] = [Math.floor(pair / m), pair % m];
          const item = numbered > 0 ? (first[i] ?? 0) : i;
          return item * size + (numbered > 1 ? (second[j] ?? 0) : j);
        });
        return tf.tensor2d(numbers, [rows, k], 'int32');
      };
      const items = itemsOf(numbered > 0, rows, n);
      const others = itemsOf(numbered > 1, rows, m);
      return randomCase(
        { dsums: { shape: [rows, k] } },
        { n, m, size, numbered },
        { pairs, items, others },
      );
    }),
);
