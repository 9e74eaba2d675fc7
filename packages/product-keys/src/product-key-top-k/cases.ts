import { type KernelCase, randomInt, randomKey, randomPermutation } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { TopPairsAttrs, TopPairsGradAttrs } from './types.ts';

/** One item, sets that differ, fewer items than pairs, all pairs, more rows than 16 bits count. */
const shapes: readonly (readonly [rows: number, n: number, m: number, k: number])[] = [
  [1, 1, 1, 1],
  [3, 5, 4, 3],
  [2, 9, 7, 63],
  [5, 70, 33, 16],
  [65_537, 3, 2, 2],
];

const none = () => tf.zeros([1, 1], 'int32');
/** Numbers of items in no order, all different in a row. */
const numbered = (rows: number, n: number) => () =>
  tf.tensor2d(
    Int32Array.from({ length: rows * n }, (_, at) => order(rows, n)[at % n] ?? 0),
    [rows, n],
    'int32',
  );
const order = (rows: number, n: number) =>
  Array.from(randomPermutation(randomKey('items', rows, n), n), (item) => 100_003 * item);

// Numbers of few values, so that many sums are equal.
const few = (name: string, rows: number, n: number) => () =>
  tf.tensor2d(
    Float32Array.from(randomInt(randomKey(name, rows, n), rows * n, 9), (value) => value / 4),
    [rows, n],
  );

export const topPairsCases: readonly KernelCase<TopPairsAttrs>[] = shapes.flatMap(
  ([rows, n, m, k]) =>
    [false, true].map((isNumbered) => {
      const scores = { a: few('a', rows, n), b: few('b', rows, m) };
      const items = isNumbered ? numbered(rows, n) : none;
      const attrs = { k, numbered: isNumbered };
      return Object.assign(randomCase({}, attrs, { ...scores, items }), { size: rows * (n + m) });
    }),
);

export const topPairsGradCases: readonly KernelCase<TopPairsGradAttrs>[] = shapes.flatMap(
  ([rows, n, m, k]) =>
    [false, true].map((isNumbered) => {
      const pairs = () => {
        const places = randomInt(randomKey('pair', rows), rows * k, n * m);
        const numbers = Int32Array.from(places, (pair) => {
          const [i, j] = [Math.floor(pair / m), pair % m];
          return isNumbered ? (order(rows, n)[i] ?? 0) * m + j : pair;
        });
        return tf.tensor2d(numbers, [rows, k], 'int32');
      };
      const items = isNumbered ? numbered(rows, n) : none;
      const dsums = { shape: [rows, k] };
      return randomCase({ dsums }, { n, m, numbered: isNumbered }, { pairs, items });
    }),
);
