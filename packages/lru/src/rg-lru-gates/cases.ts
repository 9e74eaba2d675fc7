import type { KernelCall, KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { GateGradInputs, NoAttrs } from './types.ts';

/** Calls with tensors `[M, N, E]` of these names, and with aParam and reset. */
function gateCases(names: readonly string[]): KernelCase<NoAttrs>[] {
  const shapes = [
    [1, 1, 1],
    [5, 1, 7],
    [3, 5, 6],
    [33, 4, 35],
    [65_537, 1, 2],
  ] as const;
  return shapes.map((shape) => {
    const [steps, , width] = shape;
    // The gradient by aParam is a sum over all steps, and has too few digits to compare where that cancels: da has a mean.
    const inputs = Object.fromEntries(
      names.map((name) => [name, { shape, mean: name === 'da' ? 0.02 : 0 }]),
    );
    const reset = Float32Array.from({ length: steps }, (_, step) => (step % 3 === 0 ? 1 : 0));
    return randomCase(
      { ...inputs, aParam: { shape: [width] } },
      {},
      { reset: () => tf.tensor1d(reset) },
    );
  });
}

/**
 * A call with eigenvalues so near 1 that the slope of the root is bounded. What rounding leaves of the root itself is small beside
 * the first step, which begins a sequence; the gradients of aParam and recurrenceGate are of the second step alone.
 */
function boundedCase(): KernelCall<GateGradInputs, NoAttrs> {
  const aParam = tf.tensor1d([-17, -17.5, -18, -18.5, -19]);
  const steps = (first: number, second: number) =>
    tf.tensor(
      [first, second].flatMap((value) => new Array<number>(5).fill(value)),
      [2, 1, 5],
    );
  return {
    inputs: {
      x: steps(1e3, 1),
      inputGate: steps(0, 0),
      // Its sigmoid is 1/4.
      recurrenceGate: steps(0, -Math.log(3)),
      aParam,
      reset: tf.tensor1d([1, 0]),
      da: steps(0, 0),
      dGated: steps(1e3, 1),
    },
    attrs: {},
  };
}

export const gateForwardCases: readonly KernelCase<NoAttrs>[] = gateCases([
  'x',
  'inputGate',
  'recurrenceGate',
]);

export const gateGradCases: readonly KernelCase<NoAttrs>[] = [
  ...gateCases(['x', 'inputGate', 'recurrenceGate', 'da', 'dGated']),
  boundedCase,
];
