import { randomKey } from '@neverend/backend';
import {
  type Inputs,
  normalInput,
  numbers,
  numericGradients,
  type OpCase,
  type Tolerance,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { rgLru } from '../../src/index.ts';
import { type RgLruInputs, rgLruNaive } from '../../src/rg-lru/naive.ts';
import { positions, positionsTensor } from '../positions.ts';

const paramNames = {
  aParam: 'a_param',
  inputW: 'input_gate/w',
  inputB: 'input_gate/b',
  aW: 'a_gate/w',
  aB: 'a_gate/b',
} as const;

export function paramInputs(width: number, heads: number): Inputs {
  const size = width / heads;
  const w = [heads, size, size];
  const draw = (name: string, shape: number[], scale: number, mean = 0) =>
    normalInput(randomKey('param', name), shape, scale, mean);
  return {
    aParam: draw('aParam', [width], 1, -2),
    inputW: draw('inputW', w, 0.7),
    inputB: draw('inputB', [heads, size], 0.3),
    aW: draw('aW', w, 0.7),
    aB: draw('aB', [heads, size], 0.3),
  };
}

/** The parameters by the names that `rgLru` reads. */
export const named = (tensors: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(paramNames).map(([name, path]) => [path, tensors[name] as tf.Tensor]),
  );

/** A shape, and the number of heads. */
export type RgLruArguments = readonly [shape: readonly number[], heads: number];

export const rgLruArguments: readonly RgLruArguments[] = [
  [[1, 1, 1], 1],
  [[3, 1, 6], 3],
  [[2, 5, 6], 2],
  [[1, 9, 5], 1],
  [[2, 4, 3, 4], 2],
  [[2, 3, 2, 5], 5],
];

/** The unit from a state, with restarts, with its reference. */
export function rgLruCase([shape, heads]: RgLruArguments, tolerance: Tolerance): OpCase {
  const [outer, steps, ...rest] = shape as readonly number[] as [number, number, ...number[]];
  const width = rest.at(-1) ?? 1;
  const sizes = { outer, steps, tokens: rest.length === 2 ? (rest[0] ?? 1) : 1, width, heads };
  const inputs = {
    x: normalInput(randomKey('x'), shape),
    state: normalInput(randomKey('state'), [outer, ...rest]),
    ...paramInputs(width, heads),
  };
  const dy = normalInput(randomKey('dy'), shape);
  const segmentPos = positions(outer, steps);
  const naive = (arrays: Record<string, Float64Array>) =>
    rgLruNaive(arrays as unknown as RgLruInputs, segmentPos, sizes);
  return {
    op: (tensors) =>
      tf.tidy(() => {
        const options = {
          segmentPos: positionsTensor(outer, steps),
          state: tensors['state'] as tf.Tensor,
        };
        return rgLru(tensors['x'] as tf.Tensor, named(tensors), options).y;
      }),
    inputs,
    dy,
    y: naive(numbers(inputs)),
    gradients: numericGradients(inputs, dy.data, naive),
    tolerance,
  };
}
