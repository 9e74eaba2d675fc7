import { type KernelCase, randomInt, randomKey } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { TopProductsAttrs } from './types.ts';

/** One of everything, odd widths, many heads, all keys, more keys and queries than a block has. */
const shapes: readonly (readonly [
  tokens: number,
  heads: number,
  count: number,
  width: number,
  k: number,
])[] = [
  [1, 1, 1, 1, 1],
  [3, 2, 5, 3, 5],
  [50, 3, 133, 17, 4],
  [35, 1, 1100, 8, 33],
  [2, 2, 1030, 5, 16],
];

/** Whole numbers, so that products are exact and many are equal. */
const whole = (name: string, shape: readonly number[]) => () => {
  const size = shape.reduce((product, n) => product * n, 1);
  const values = randomInt(randomKey(name, size), size, 7);
  return tf.tensor(
    Float32Array.from(values, (value) => value - 3),
    [...shape],
  );
};

export const topProductsCases: readonly KernelCase<TopProductsAttrs>[] = shapes.flatMap(
  ([tokens, heads, count, width, k]) =>
    [false, true].map((biased) => {
      const inputs = {
        queries: whole('queries', [tokens, heads, width]),
        keys: whole('keys', [heads, count, width]),
        bias: whole('bias', biased ? [heads, count] : [1, 1]),
      };
      return Object.assign(randomCase({}, { k, biased }, inputs), {
        size: (tokens + count) * heads * width,
      });
    }),
);
