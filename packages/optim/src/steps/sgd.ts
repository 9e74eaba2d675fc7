import type { Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { defineStep, type StepAttrs, type StepInputs } from './define-step.ts';

/** The weight becomes `keep` of itself less `rate` times `g`, which is the gradient plus `decay` times the weight. */
export type SGDAttrs = StepAttrs<'keep' | 'decay' | 'rate'>;

/** The step is instead `gradientRate g + sumRate u`, with the running sum `u = momentum u + g`. */
export type MomentumAttrs = StepAttrs<'keep' | 'decay' | 'momentum' | 'gradientRate' | 'sumRate'>;

export const sgdStep: Kernel<StepInputs<never>, SGDAttrs> = defineStep<never, keyof SGDAttrs>({
  name: 'NeverendSgd',
  slots: [],
  numbers: ['keep', 'decay', 'rate'],
  composite: (inputs, { keep, decay, rate }) => {
    const { g, kept } = decayed(inputs, keep, decay);
    return { weight: tf.sub(kept, tf.mul(g, rate)) };
  },
  wasm: 'sgd',
  wgsl: `
  let w = weight[at];
  weight[at] = uniforms.keep * w - uniforms.rate * (gradient[at] + uniforms.decay * w);`,
  examples: [
    { keep: 0.5, decay: 0.25, rate: 0.5 },
    { keep: 1, decay: 0, rate: 0.1 },
  ],
  flopsPerElement: (attrs) => 2 + decayFlops(attrs),
});

export const momentumStep: Kernel<StepInputs<'momentum'>, MomentumAttrs> = defineStep<
  'momentum',
  keyof MomentumAttrs
>({
  name: 'NeverendSgdMomentum',
  slots: ['momentum'],
  numbers: ['keep', 'decay', 'momentum', 'gradientRate', 'sumRate'],
  composite: (inputs, { keep, decay, momentum, gradientRate, sumRate }) => {
    const { g, kept } = decayed(inputs, keep, decay);
    const sum = tf.add(tf.mul(inputs.momentum, momentum), g);
    const change = tf.mul(sum, sumRate);
    const all = gradientRate === 0 ? change : tf.add(change, tf.mul(g, gradientRate));
    return { weight: tf.sub(kept, all), momentum: sum };
  },
  wasm: 'sgdMomentum',
  wgsl: `
  let w = weight[at];
  let g = gradient[at] + uniforms.decay * w;
  let sum = uniforms.momentum * momentum[at] + g;
  momentum[at] = sum;
  weight[at] = uniforms.keep * w - (uniforms.gradientRate * g + uniforms.sumRate * sum);`,
  examples: [
    { keep: 0.5, decay: 0.25, momentum: 0.75, gradientRate: 0.5, sumRate: 0.3 },
    { keep: 1, decay: 0, momentum: 0.9, gradientRate: 0, sumRate: 0.1 },
  ],
  flopsPerElement: (attrs) => (attrs.gradientRate === 0 ? 4 : 6) + decayFlops(attrs),
});

function decayed(
  { weight, gradient }: StepInputs<never>,
  keep: number,
  decay: number,
): { readonly g: tf.Tensor; readonly kept: tf.Tensor } {
  return {
    g: decay === 0 ? gradient : tf.add(gradient, tf.mul(weight, decay)),
    kept: keep === 1 ? weight : tf.mul(weight, keep),
  };
}

const decayFlops = ({ keep, decay }: Readonly<Record<'keep' | 'decay', number>>): number =>
  (keep === 1 ? 0 : 1) + (decay === 0 ? 0 : 2);
