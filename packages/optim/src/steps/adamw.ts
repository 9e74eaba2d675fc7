import type { Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { defineStep, type StepAttrs, type StepInputs } from './define-step.ts';

/**
 * `m = beta1 m + share1 g`, `v = beta2 v + share2 g²`, and the weight becomes `keep` of itself less
 * `rate m / (sqrt(v) + epsilon)`: both bias corrections lie in `rate` and `epsilon`.
 */
export type AdamWAttrs = StepAttrs<
  'keep' | 'rate' | 'epsilon' | 'beta1' | 'beta2' | 'share1' | 'share2'
>;

export const adamWStep: Kernel<StepInputs<'m' | 'v'>, AdamWAttrs> = defineStep<
  'm' | 'v',
  keyof AdamWAttrs
>({
  name: 'NeverendAdamW',
  slots: ['m', 'v'],
  numbers: ['keep', 'rate', 'epsilon', 'beta1', 'beta2', 'share1', 'share2'],
  composite: (inputs, { keep, rate, epsilon, beta1, beta2, share1, share2 }) => {
    const { weight, gradient } = inputs;
    const m = tf.add(tf.mul(inputs.m, beta1), tf.mul(gradient, share1));
    const v = tf.add(tf.mul(inputs.v, beta2), tf.mul(tf.square(gradient), share2));
    const change = tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), epsilon));
    const kept = keep === 1 ? weight : tf.mul(weight, keep);
    return { weight: tf.sub(kept, change), m, v };
  },
  wasm: 'adamW',
  wgsl: `
  let g = gradient[at];
  let mean = uniforms.beta1 * m[at] + uniforms.share1 * g;
  let square = uniforms.beta2 * v[at] + uniforms.share2 * g * g;
  m[at] = mean;
  v[at] = square;
  weight[at] = uniforms.keep * weight[at] - uniforms.rate * mean / (sqrt(square) + uniforms.epsilon);`,
  examples: [
    { keep: 0.5, rate: 0.5, epsilon: 0.1, beta1: 0.5, beta2: 0.25, share1: 0.3, share2: 0.7 },
    { keep: 1, rate: 0.2, epsilon: 0.3, beta1: 0.9, beta2: 0.99, share1: 0.1, share2: 0.01 },
  ],
  flopsPerElement: ({ keep }) => (keep === 1 ? 12 : 13),
});
