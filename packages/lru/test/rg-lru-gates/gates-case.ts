import { randomKey } from '@neverend/backend';
import {
  normalInput,
  numbers,
  numericGradients,
  type OpCase,
  type Tolerance,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { rgLruGates } from '../../src/rg-lru-gates/index.ts';
import { type GateArrays, rgLruGatesNaive } from '../../src/rg-lru-gates/naive.ts';

/** `[M, N, E]`. */
export const gateShapes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [4, 1, 7],
  [7, 3, 6],
  [5, 2, 35],
];

/** Both outputs, of which every third step begins a sequence, with their reference. */
export function gatesCase(shape: readonly [number, number, number], tolerance: Tolerance): OpCase {
  const [steps, , width] = shape;
  const inputs = {
    x: normalInput(randomKey('x'), shape),
    inputGate: normalInput(randomKey('inputGate'), shape),
    recurrenceGate: normalInput(randomKey('recurrenceGate'), shape),
    aParam: normalInput(randomKey('aParam'), [width], 1, -2),
  };
  const reset = Float64Array.from({ length: steps }, (_, step) => Number(step % 3 === 1));
  const dy = normalInput(randomKey('dy'), [2, ...shape]);
  const naive = (arrays: Record<string, Float64Array>) => {
    const { a, gated } = rgLruGatesNaive({ ...arrays, reset } as unknown as GateArrays);
    return Float64Array.of(...a, ...gated);
  };
  return {
    op: ({ x, inputGate, recurrenceGate, aParam }) =>
      tf.tidy(() => {
        const gates = { inputGate, recurrenceGate } as Record<
          'inputGate' | 'recurrenceGate',
          tf.Tensor
        >;
        const { a, gated } = rgLruGates({
          x: x as tf.Tensor,
          ...gates,
          aParam: aParam as tf.Tensor,
          reset: tf.tensor1d(Float32Array.from(reset)),
        });
        return tf.stack([a, gated]);
      }),
    inputs,
    dy,
    y: naive(numbers(inputs)),
    gradients: numericGradients(inputs, dy.data, naive),
    tolerance,
  };
}
