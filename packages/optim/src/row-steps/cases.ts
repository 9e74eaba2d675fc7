import { type KernelCase, randomKey, randomPermutation } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { SlotShape } from '../optimizer-state.ts';
import type { StepAttrs, StepExamples } from '../steps/types.ts';
import type { LazyAdamNumber, RowAdagradNumber, RowSGDNumber } from './types.ts';

export const rowSGDExamples: StepExamples<RowSGDNumber> = [
  { decay: 0.5, stepSize: 0.5 },
  { decay: 1, stepSize: 0.1 },
];

export const rowAdagradExamples: StepExamples<RowAdagradNumber> = [
  { decay: 0.5, stepSize: 0.5, epsilon: 0.1 },
  { decay: 1, stepSize: 0.2, epsilon: 0.3 },
];

export const lazyAdamExamples: StepExamples<LazyAdamNumber> = [
  {
    ...{ decay: 0.5, stepSize: 0.5, epsilon: 0.1, step: 7, catchUp: 0 },
    ...{ beta1: 0.5, beta2: 0.25, oneMinusBeta1: 0.3, oneMinusBeta2: 0.7 },
  },
  {
    ...{ decay: 1, stepSize: 0.2, epsilon: 0.3, step: 9, catchUp: 0 },
    ...{ beta1: 0.9, beta2: 0.99, oneMinusBeta1: 0.1, oneMinusBeta2: 0.01 },
  },
];

/** Rows of the table, their width, and how many have a gradient. */
const sizes = [
  [1, 1, 1],
  [9, 3, 7],
  [13, 7, 9],
  [150, 66, 129],
  [70_000, 2, 65_537],
] as const;

/** The calls at which a kernel of a step must agree with its composite. */
export function rowStepCases<N extends string>(
  slots: Readonly<Record<string, SlotShape>>,
  examples: StepExamples<N>,
): KernelCase<StepAttrs<N>>[] {
  return sizes.map(([rows, width, count]) => {
    const state = Object.entries(slots).map(([key, per]) => [
      key,
      { shape: [rows, per === 'row' ? 1 : width], mean: 5 },
    ]);
    const indices = () => {
      const all = Int32Array.from(randomPermutation(randomKey('row', rows), rows));
      return tf.tensor1d(all.subarray(0, count), 'int32');
    };
    return randomCase(
      {
        ...{ weights: { shape: [rows, width] }, gradient: { shape: [count, width] } },
        ...Object.fromEntries(state),
      },
      examples[width > 3 ? 1 : 0],
      { indices },
    );
  });
}
