// One number at a time in float64: what the steps must compute.
import type { AdamWNumber, LionNumber, MomentumNumber, SGDNumber, StepAttrs } from './types.ts';

/** @returns the next weight and the next numbers of its state. */
type NaiveStep<N extends string> = (
  attrs: StepAttrs<N>,
  weight: number,
  gradient: number,
  ...slots: readonly number[]
) => readonly number[];

export const adamWNaive: NaiveStep<AdamWNumber> = (attrs, weight, gradient, m = 0, v = 0) => {
  const nextM = attrs.beta1 * m + attrs.oneMinusBeta1 * gradient;
  const nextV = attrs.beta2 * v + attrs.oneMinusBeta2 * gradient ** 2;
  const change = (attrs.stepSize * nextM) / (Math.sqrt(nextV) + attrs.epsilon);
  return [attrs.decay * weight - change, nextM, nextV];
};

export const lionNaive: NaiveStep<LionNumber> = (attrs, weight, gradient, m = 0) => {
  const direction = Math.sign(attrs.beta1 * m + attrs.oneMinusBeta1 * gradient);
  return [
    attrs.decay * weight - attrs.stepSize * direction,
    attrs.beta2 * m + attrs.oneMinusBeta2 * gradient,
  ];
};

export const sgdNaive: NaiveStep<SGDNumber> = ({ decay, l2, stepSize }, weight, gradient) => [
  decay * weight - stepSize * (gradient + l2 * weight),
];

export const sgdMomentumNaive: NaiveStep<MomentumNumber> = (attrs, weight, gradient, sum = 0) => {
  const g = gradient + attrs.l2 * weight;
  const nextSum = attrs.momentum * sum + g;
  const change = attrs.gradientScale * g + attrs.momentumScale * nextSum;
  return [attrs.decay * weight - change, nextSum];
};
