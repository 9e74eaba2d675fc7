import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import type {
  AdamWNumber,
  LionNumber,
  MomentumNumber,
  SGDNumber,
  StepAttrs,
  StepExamples,
} from './types.ts';

export const adamWExamples: StepExamples<AdamWNumber> = [
  {
    ...{ decay: 0.5, stepSize: 0.5, epsilon: 0.1 },
    ...{ beta1: 0.5, beta2: 0.25, oneMinusBeta1: 0.3, oneMinusBeta2: 0.7 },
  },
  {
    ...{ decay: 1, stepSize: 0.2, epsilon: 0.3 },
    ...{ beta1: 0.9, beta2: 0.99, oneMinusBeta1: 0.1, oneMinusBeta2: 0.01 },
  },
];

export const lionExamples: StepExamples<LionNumber> = [
  {
    ...{ decay: 0.5, stepSize: 0.5 },
    ...{ beta1: 0.1, beta2: 0.25, oneMinusBeta1: 0.9, oneMinusBeta2: 0.7 },
  },
  // Where rounding alone decides on a sign among many, the step is too small to be a disagreement.
  {
    ...{ decay: 1, stepSize: 1e-5 },
    ...{ beta1: 0.1, beta2: 0.99, oneMinusBeta1: 0.9, oneMinusBeta2: 0.01 },
  },
];

export const sgdExamples: StepExamples<SGDNumber> = [
  { decay: 0.5, l2: 0.25, stepSize: 0.5 },
  { decay: 1, l2: 0, stepSize: 0.1 },
];

export const sgdMomentumExamples: StepExamples<MomentumNumber> = [
  { decay: 0.5, l2: 0.25, momentum: 0.75, gradientScale: 0.5, momentumScale: 0.3 },
  { decay: 1, l2: 0, momentum: 0.9, gradientScale: 0, momentumScale: 0.1 },
];

const shapes = [[], [1], [7], [5, 3], [129, 63], [65_537, 2]];

/** The calls at which a kernel of a step must agree with its composite. */
export function stepCases<N extends string>(
  slots: readonly string[],
  examples: StepExamples<N>,
): KernelCase<StepAttrs<N>>[] {
  return shapes.map((shape) => {
    const state = slots.map((key) => [key, { shape, mean: 5 }]);
    return randomCase(
      { weight: { shape }, gradient: { shape }, ...Object.fromEntries(state) },
      examples[shape.length > 1 ? 1 : 0],
    );
  });
}
