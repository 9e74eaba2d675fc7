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
import { gatedRecurrence } from '../../src/gated-recurrence/index.ts';
import {
  type GatedRecurrenceArrays,
  gatedRecurrenceNaive,
} from '../../src/gated-recurrence/naive.ts';
import type { GatedRecurrenceInputs } from '../../src/gated-recurrence/types.ts';

/** x `[outer, T, N, E]`, heads, taps: widths of a head that are below, at and above a vector and a panel. */
export const recurrenceArguments: readonly (readonly [
  x: readonly [number, number, number, number],
  heads: number,
  taps: number,
])[] = [
  [[1, 1, 1, 1], 1, 2],
  [[2, 5, 3, 6], 2, 4],
  [[1, 3, 5, 18], 2, 3],
];

/** All three outputs one after the other, with a state and, where `resets`, with sequences that begin anew. */
export function gatedRecurrenceCase(
  [shape, heads, taps]: (typeof recurrenceArguments)[number],
  resets: boolean,
  tolerance: Tolerance,
): OpCase {
  const [outer, steps, tokens, width] = shape;
  const size = width / heads;
  const make = (name: string, of: readonly number[], scale = 1) =>
    normalInput(randomKey(name), of, scale);
  const inputs: Inputs = {
    ...{ x: make('x', shape), gate: make('gate', shape) },
    ...{ w: make('w', [taps, width]), b: make('b', [width]) },
    ...{ inputW: make('iw', [heads, size, size], 0.5), inputB: make('ib', [heads, size]) },
    ...{ aW: make('aw', [heads, size, size], 0.5), aB: make('ab', [heads, size]) },
    aParam: make('a', [width]),
    conv: make('conv', [outer, taps - 1, tokens, width]),
    state: make('state', [outer, tokens, width]),
  };
  const begins = (step: number) => resets && step % 3 === 1;
  const positions = Array.from({ length: outer * steps }, (_, step) => (begins(step) ? 0 : 1));
  const naive = (arrays: Record<string, Float64Array>) => {
    const outputs = gatedRecurrenceNaive(arrays as unknown as GatedRecurrenceArrays, positions, {
      ...{ outer, steps, tokens, width, heads },
    });
    return Float64Array.of(...outputs.y, ...outputs.state, ...outputs.conv);
  };
  const y = naive(numbers(inputs));
  const dy = make('dy', [y.length]);
  return {
    op: ({ aW, aB, ...tensors }) =>
      tf.tidy(() => {
        const reset = tf.tensor2d(
          positions.map((position) => 1 - position),
          [outer, steps],
        );
        const all = { ...tensors, recurrenceW: aW, recurrenceB: aB, reset };
        const outputs = gatedRecurrence(all as unknown as GatedRecurrenceInputs, {
          hasState: true,
          hasResets: resets,
        });
        const flat = (of: tf.Tensor) => tf.reshape(of, [-1]);
        return tf.concat([flat(outputs.y), flat(outputs.state), flat(outputs.conv)]);
      }),
    inputs,
    dy,
    y,
    gradients: numericGradients(inputs, dy.data, naive),
    tolerance,
  };
}
