import { poisonMemory } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { productKeySearch } from '../src/index.ts';
import { productsNaive } from '../src/top-products/naive.ts';
import { type Answer, bruteForce, itemsOf } from './top-k-case.ts';

/** Queries `[tokens, heads, sets, width]` and the keys `[heads, n, width]` of each set. */
export interface Search {
  readonly tokens: number;
  readonly heads: number;
  readonly sizes: readonly number[];
  readonly width: number;
  readonly k: number;
}

/** Numbers of a search. */
export interface SearchData {
  readonly queries: Float32Array;
  readonly keys: readonly Float32Array[];
  readonly dy: Float32Array;
}

export function makeSearch(
  { tokens, heads, sizes, width, k }: Search,
  values: (name: string, count: number) => ArrayLike<number>,
): SearchData {
  return {
    queries: Float32Array.from(values('queries', tokens * heads * sizes.length * width)),
    keys: sizes.map((n, set) => Float32Array.from(values(`keys${set}`, heads * n * width))),
    dy: Float32Array.from(values('dy', tokens * heads * k)),
  };
}

/** What the op answers; the gradients are those by queries and by the keys of each set. */
export async function searchAnswer(
  { tokens, heads, sizes, width, k }: Search,
  { queries, keys, dy }: SearchData,
): Promise<Answer> {
  poisonMemory();
  const q = tf.tensor4d(queries, [tokens, heads, sizes.length, width]);
  const sets = keys.map((values, set) => tf.tensor3d(values, [heads, sizes[set] ?? 1, width]));
  const { scores, indices } = productKeySearch(q, sets, k);
  const dScores = tf.tensor3d(dy, [tokens, heads, k]);
  const gradients = tf.grads(
    (one: tf.Tensor, ...others: tf.Tensor[]) => productKeySearch(one, others, k).scores,
  )([q, ...sets], dScores);
  const answer = {
    shapes: [scores.shape, indices.shape],
    dtype: indices.dtype,
    scores: [...(await scores.data())],
    indices: [...(await indices.data())],
    // Whether a sum of zeros is -0 hangs on the order.
    gradients: await Promise.all(
      gradients.map(async (one) => Array.from(await one.data(), (value) => value + 0)),
    ),
  };
  tf.dispose([q, sets, dScores, scores, indices, gradients]);
  return answer;
}

/** The same with all products made, in float64, and all sums of them sorted. */
export function searchBruteForce(of: Search, { queries, keys, dy }: SearchData): Answer {
  const { tokens, heads, sizes, width, k } = of;
  const queryAt = (row: number, set: number) => (row * sizes.length + set) * width;
  const keyAt = (row: number, set: number, item: number) =>
    ((row % heads) * (sizes[set] ?? 1) + item) * width;
  const rows = tokens * heads;
  const products = sizes.map((n, set) => {
    const part = Float32Array.from({ length: rows * width }, (_, at) => {
      const row = Math.floor(at / width);
      return queries[queryAt(row, set) + (at % width)] ?? 0;
    });
    const shape = { tokens, heads, count: n, width };
    return { n, scores: productsNaive(part, keys[set] ?? [], shape) };
  });
  const { scores, indices } = bruteForce(products, rows, k);
  const dQueries = new Float64Array(queries.length);
  const dKeys = keys.map(({ length }) => new Float64Array(length));
  for (const [at, index] of indices.entries()) {
    const row = Math.floor(at / k);
    for (const [set, item] of itemsOf(products, index).entries()) {
      const [query, key] = [queryAt(row, set), keyAt(row, set, item)];
      const dKey = dKeys[set] as Float64Array;
      for (let c = 0; c < width; c++) {
        const d = dy[at] ?? 0;
        dQueries[query + c] = (dQueries[query + c] ?? 0) + d * (keys[set]?.[key + c] ?? 0);
        dKey[key + c] = (dKey[key + c] ?? 0) + d * (queries[query + c] ?? 0);
      }
    }
  }
  const shape = [tokens, heads, k];
  return {
    ...{ shapes: [shape, shape], dtype: 'int32', scores, indices },
    gradients: [dQueries, ...dKeys].map((gradient) => [...gradient]),
  };
}
