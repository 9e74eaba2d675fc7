import { randomKey } from '@neverend/backend';
import {
  expectLikeReference,
  type Inputs,
  normalInput,
  numbers,
  poisonMemory,
  type Tolerance,
} from '@neverend/backend/testing';
import type * as tf from '@tensorflow/tfjs-core';
import { type AttentionOptions, scaledDotProductAttention } from '../src/index.ts';
import {
  attentionBackwardNaive,
  attentionNaive,
  type NaiveOptions,
} from '../src/scaled-dot-product-attention/naive.ts';
import type { AttentionSizes } from '../src/scaled-dot-product-attention/types.ts';

/** Rows, M, N, H, d, e. */
type SizeList = readonly [number, number, number, number, number, number];

export const sizesOf = (list: SizeList): AttentionSizes => {
  const [rows, queries, keys, heads, depth, valueDepth] = list;
  return { rows, queries, keys, heads, depth, valueDepth };
};

/** Ones, odd numbers, more queries or keys than a block has, heads of 64 and more than a kernel takes, and a single key. */
export const sizes: readonly SizeList[] = [
  [1, 1, 1, 1, 1, 1],
  [2, 5, 7, 3, 6, 5],
  [1, 37, 70, 2, 5, 9],
  [3, 70, 3, 1, 8, 4],
  [1, 40, 41, 2, 64, 64],
  [2, 6, 1, 2, 5, 7],
  [1, 101, 53, 2, 67, 70],
  [1, 2, 3, 1, 130, 129],
];

export const inputsOf = ({
  rows,
  queries,
  keys,
  heads,
  depth,
  valueDepth,
}: AttentionSizes): Inputs => ({
  q: normalInput(randomKey('q'), [rows, queries, heads, depth]),
  k: normalInput(randomKey('k'), [rows, keys, heads, depth]),
  v: normalInput(randomKey('v'), [rows, keys, heads, valueDepth]),
});

export const attend = (tensors: Record<string, tf.Tensor>, options: Options = {}): tf.Tensor =>
  scaledDotProductAttention(
    tensors['q'] as tf.Tensor,
    tensors['k'] as tf.Tensor,
    tensors['v'] as tf.Tensor,
    options,
  );

export type Options = AttentionOptions & { readonly scale?: number };

/** Holds a call against the reference; `mask` is an input whose gradient counts too. */
export async function expectLikeNaive(
  tolerance: Tolerance,
  size: AttentionSizes,
  options: Options,
  naive: NaiveOptions,
  mask?: { readonly shape: readonly number[]; readonly data: Float64Array },
): Promise<void> {
  poisonMemory();
  const inputs = inputsOf(size);
  const { rows, queries, keys, heads, valueDepth } = size;
  const dy = normalInput(randomKey('dy'), [rows, queries, heads, valueDepth]);
  const arrays = numbers(inputs) as never;
  const { added, ...gradients } = attentionBackwardNaive(arrays, size, dy.data, naive);
  const dMask = new Float64Array(mask?.data.length ?? 0);
  if (mask !== undefined) {
    added.forEach((slope, at) => {
      const index = maskIndex(mask.shape, positionOf(at, [rows, heads, queries, keys]));
      dMask[index] = (dMask[index] ?? 0) + slope;
    });
  }
  await expectLikeReference({
    op: ({ mask, ...tensors }) => attend(tensors, { ...options, ...(mask && { mask }) }),
    inputs: { ...inputs, ...(mask && { mask }) },
    dy,
    y: attentionNaive(arrays, size, naive),
    gradients: { ...gradients, ...(mask && { mask: dMask }) },
    tolerance,
  });
}

function positionOf(at: number, shape: readonly number[]): number[] {
  let rest = at;
  return [...shape]
    .reverse()
    .map((size) => {
      const place = rest % size;
      rest = Math.floor(rest / size);
      return place;
    })
    .reverse();
}

/** Where a broadcast mask of this shape has its number for a row, head, query and key. */
export const maskIndex = (shape: readonly number[], position: readonly number[]): number =>
  shape.reduce((index, size, axis) => {
    const place = position[axis + 4 - shape.length] ?? 0;
    return index * size + (size === 1 ? 0 : place);
  }, 0);
