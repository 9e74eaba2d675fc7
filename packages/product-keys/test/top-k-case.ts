import { poisonMemory } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { productKeyTopK } from '../src/index.ts';
import { topKNaive } from '../src/top-pairs/naive.ts';

/** Scores of one set, `[rows, n]`. */
export interface ScoreSet {
  readonly n: number;
  readonly scores: Float32Array;
}

/** Sets of these sizes. */
export const makeSets = (
  sizes: readonly number[],
  rows: number,
  values: (set: number, count: number) => ArrayLike<number>,
): ScoreSet[] => sizes.map((n, set) => ({ n, scores: Float32Array.from(values(set, rows * n)) }));

/** What came out of one call. */
export interface Answer {
  readonly shapes: readonly (readonly number[])[];
  readonly dtype: string;
  readonly scores: readonly number[];
  readonly indices: readonly number[];
  /** Of each set, where they were asked for. */
  readonly gradients: readonly (readonly number[])[];
}

/** What the op answers, with its gradients by the scores for these by the sums. */
export async function answer(
  sets: readonly ScoreSet[],
  rows: number,
  k: number,
  dy?: Float32Array,
): Promise<Answer> {
  poisonMemory();
  const tensors = sets.map(({ n, scores }) => tf.tensor2d(scores, [rows, n]));
  const { scores, indices } = productKeyTopK(tensors, k);
  const gradients =
    dy &&
    tf.grads((...given: tf.Tensor[]) => productKeyTopK(given, k).scores)(
      tensors,
      tf.tensor2d(dy, [rows, k]),
    );
  const result = {
    shapes: [scores.shape, indices.shape],
    dtype: indices.dtype,
    scores: [...(await scores.data())],
    indices: [...(await indices.data())],
    gradients: await Promise.all((gradients ?? []).map(async (one) => [...(await one.data())])),
  };
  tf.dispose([tensors, scores, indices, gradients ?? []]);
  return result;
}

/** The same by all sums, made and sorted. */
export function bruteForce(
  sets: readonly ScoreSet[],
  rows: number,
  k: number,
  dy?: Float32Array,
): Answer {
  const best = Array.from({ length: rows }, (_, row) => topKNaive(rowOf(sets, row), k)).flat();
  const gradients = dy === undefined ? [] : sets.map(({ n }) => Array<number>(rows * n).fill(0));
  for (const [at, { index }] of best.entries()) {
    for (const [set, item] of itemsOf(sets, index).entries()) {
      const gradient = gradients[set];
      const place = Math.floor(at / k) * (sets[set]?.n ?? 1) + item;
      if (gradient !== undefined) gradient[place] = (gradient[place] ?? 0) + (dy?.[at] ?? 0);
    }
  }
  return {
    shapes: [
      [rows, k],
      [rows, k],
    ],
    dtype: 'int32',
    scores: best.map(({ score }) => score),
    indices: best.map(({ index }) => index),
    gradients,
  };
}

export const rowOf = (sets: readonly ScoreSet[], row: number): Float32Array[] =>
  sets.map(({ n, scores }) => scores.subarray(row * n, (row + 1) * n));

/** The item of each set of an index. */
export function itemsOf(sets: readonly { readonly n: number }[], index: number): number[] {
  const items: number[] = [];
  let left = index;
  for (const { n } of [...sets].reverse()) {
    items.unshift(left % n);
    left = Math.floor(left / n);
  }
  return items;
}
