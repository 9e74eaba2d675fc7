import { randomKey } from '@neverend/backend';
import {
  type Input,
  normalInput,
  numbers,
  type OpCase,
  type Tolerance,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { linearScan } from '../../src/index.ts';
import {
  linearScanBackwardNaive,
  linearScanNaive,
  type ScanInputs,
  type ScanShape,
} from '../../src/scan/naive.ts';

export const shapes: readonly (readonly number[])[] = [
  [1, 1, 1],
  [3, 1, 5],
  [2, 7, 1],
  [4, 6, 10],
  [2, 33, 3],
  [2, 5, 3, 7],
  [1, 16, 2, 4],
];

/** As the kernel sees it: all axes after time are one. */
const lanesOf = ([outer, length, ...rest]: readonly number[]): ScanShape => [
  outer ?? 1,
  length ?? 1,
  rest.reduce((product, n) => product * n, 1),
];

export function inputsOf(shape: readonly number[], seed = 0): Record<'a' | 'x' | 'h0', Input> {
  const [outer, , ...rest] = shape;
  const a = normalInput(randomKey('a', seed), shape);
  return {
    // In [-1, 1]: as the gates of a recurrent unit have it, and below zero too.
    a: { ...a, data: a.data.map((value) => Math.fround(Math.tanh(2 * value))) },
    x: normalInput(randomKey('x', seed), shape),
    h0: normalInput(randomKey('h0', seed), [outer ?? 1, ...rest]),
  };
}

/** The scan of `[rows, T, ...]` from a state, with its reference. */
export function scanCase(shape: readonly number[], reverse: boolean, tolerance: Tolerance): OpCase {
  const inputs = inputsOf(shape);
  const dy = normalInput(randomKey('dy'), shape);
  const plain = numbers(inputs) as unknown as ScanInputs;
  return {
    op: ({ a, x, h0 }) =>
      tf.tidy(() => linearScan(x as tf.Tensor, a as tf.Tensor, { initialState: h0, reverse }).y),
    inputs,
    dy,
    y: linearScanNaive(plain, lanesOf(shape), reverse),
    gradients: { ...linearScanBackwardNaive(plain, dy.data, lanesOf(shape), reverse) },
    tolerance,
  };
}
