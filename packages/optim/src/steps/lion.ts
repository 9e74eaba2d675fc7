import type { Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { defineStep, type StepAttrs, type StepInputs } from './define-step.ts';

/**
 * The weight becomes `keep` of itself less `rate` times the sign of `beta1 m + share1 g`; then
 * `m = beta2 m + share2 g`.
 */
export type LionAttrs = StepAttrs<'keep' | 'rate' | 'beta1' | 'beta2' | 'share1' | 'share2'>;

export const lionStep: Kernel<StepInputs<'m'>, LionAttrs> = defineStep<'m', keyof LionAttrs>({
  name: 'NeverendLion',
  slots: ['m'],
  numbers: ['keep', 'rate', 'beta1', 'beta2', 'share1', 'share2'],
  composite: (inputs, { keep, rate, beta1, beta2, share1, share2 }) => {
    const { weight, gradient } = inputs;
    const direction = tf.sign(tf.add(tf.mul(inputs.m, beta1), tf.mul(gradient, share1)));
    const m = tf.add(tf.mul(inputs.m, beta2), tf.mul(gradient, share2));
    const kept = keep === 1 ? weight : tf.mul(weight, keep);
    return { weight: tf.sub(kept, tf.mul(direction, rate)), m };
  },
  wasm: 'lion',
  wgsl: `
  let g = gradient[at];
  let old = m[at];
  m[at] = uniforms.beta2 * old + uniforms.share2 * g;
  weight[at] = uniforms.keep * weight[at] - uniforms.rate * sign(uniforms.beta1 * old + uniforms.share1 * g);`,
  examples: [
    { keep: 0.5, rate: 0.5, beta1: 0.1, beta2: 0.25, share1: 0.9, share2: 0.7 },
    // Where rounding alone decides on a sign among many, the step is too small to be a disagreement.
    { keep: 1, rate: 1e-5, beta1: 0.1, beta2: 0.99, share1: 0.9, share2: 0.01 },
  ],
  flopsPerElement: ({ keep }) => (keep === 1 ? 9 : 10),
});
