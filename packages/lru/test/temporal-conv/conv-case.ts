import { randomKey } from '@neverend/backend';
import {
  normalInput,
  numbers,
  numericGradients,
  type OpCase,
  type Tolerance,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { temporalConv } from '../../src/index.ts';
import { type TemporalConvInputs, temporalConvNaive } from '../../src/temporal-conv/naive.ts';
import { positions, positionsTensor } from '../positions.ts';

/** A shape, its taps, and whether its rows begin anew at some steps. */
export type ConvArguments = readonly [shape: readonly number[], taps: number, restarts: boolean];

export const convArguments: readonly ConvArguments[] = [
  [[1, 1, 1], 2, false],
  [[2, 1, 5], 4, true],
  [[3, 2, 3], 4, false],
  [[2, 9, 6], 4, true],
  [[1, 12, 7], 3, true],
  [[2, 5, 3, 4], 4, false],
  [[2, 6, 2, 5], 4, true],
  [[1, 11, 3], 7, true],
];

/** The convolution from a history, with its reference. */
export function convCase([shape, taps, restarts]: ConvArguments, tolerance: Tolerance): OpCase {
  const [outer, steps, ...rest] = shape as readonly number[] as [number, number, ...number[]];
  const width = rest.at(-1) ?? 1;
  const inner = rest.reduce((product, n) => product * n, 1);
  const inputs = {
    x: normalInput(randomKey('x'), shape),
    history: normalInput(randomKey('history'), [outer, taps - 1, ...rest]),
    w: normalInput(randomKey('w'), [taps, width]),
    b: normalInput(randomKey('b'), [width]),
  };
  const dy = normalInput(randomKey('dy'), shape);
  const segmentPos = restarts ? positions(outer, steps) : new Int32Array(outer * steps).fill(1);
  const naive = (arrays: Record<string, Float64Array>) =>
    temporalConvNaive(arrays as unknown as TemporalConvInputs, segmentPos, {
      outer,
      steps,
      inner,
    });
  return {
    op: ({ x, history, w, b }) =>
      tf.tidy(() => {
        const options = {
          state: history as tf.Tensor,
          ...(restarts ? { segmentPos: positionsTensor(outer, steps) } : {}),
        };
        const params = { w: w as tf.Tensor, b: b as tf.Tensor };
        return temporalConv(x as tf.Tensor, params, options).y;
      }),
    inputs,
    dy,
    y: naive(numbers(inputs)),
    gradients: numericGradients(inputs, dy.data, naive),
    tolerance,
  };
}
