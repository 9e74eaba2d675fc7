import * as tf from '@tensorflow/tfjs-core';
import type {
  AdamWNumber,
  LionNumber,
  MomentumNumber,
  SGDNumber,
  StepAttrs,
  StepComposite,
  StepInputs,
} from './types.ts';

export const adamWComposite: StepComposite<'m' | 'v', AdamWNumber> = (inputs, attrs) => {
  const { weight, gradient } = inputs;
  const m = tf.add(tf.mul(inputs.m, attrs.beta1), tf.mul(gradient, attrs.oneMinusBeta1));
  const v = tf.add(tf.mul(inputs.v, attrs.beta2), tf.mul(tf.square(gradient), attrs.oneMinusBeta2));
  const change = tf.div(tf.mul(m, attrs.stepSize), tf.add(tf.sqrt(v), attrs.epsilon));
  return { weight: tf.sub(decayed(weight, attrs), change), m, v };
};

export const lionComposite: StepComposite<'m', LionNumber> = (inputs, attrs) => {
  const { weight, gradient } = inputs;
  const mixed = tf.add(tf.mul(inputs.m, attrs.beta1), tf.mul(gradient, attrs.oneMinusBeta1));
  const m = tf.add(tf.mul(inputs.m, attrs.beta2), tf.mul(gradient, attrs.oneMinusBeta2));
  // Of NaN, backends do not agree on a sign.
  const signs = tf.where(tf.isNaN(mixed), mixed, tf.sign(mixed));
  const change = tf.mul(signs, attrs.stepSize);
  return { weight: tf.sub(decayed(weight, attrs), change), m };
};

export const sgdComposite: StepComposite<never, SGDNumber> = (inputs, attrs) => {
  const change = tf.mul(regularized(inputs, attrs), attrs.stepSize);
  return { weight: tf.sub(decayed(inputs.weight, attrs), change) };
};

export const sgdMomentumComposite: StepComposite<'momentum', MomentumNumber> = (inputs, attrs) => {
  const { gradientScale, momentumScale } = attrs;
  const g = regularized(inputs, attrs);
  const momentum = tf.add(tf.mul(inputs.momentum, attrs.momentum), g);
  const change = tf.mul(momentum, momentumScale);
  const all = gradientScale === 0 ? change : tf.add(change, tf.mul(g, gradientScale));
  return { weight: tf.sub(decayed(inputs.weight, attrs), all), momentum };
};

export function decayed(weight: tf.Tensor, { decay }: StepAttrs<'decay'>): tf.Tensor {
  return decay === 1 ? weight : tf.mul(weight, decay);
}

function regularized({ weight, gradient }: StepInputs<never>, { l2 }: StepAttrs<'l2'>): tf.Tensor {
  return l2 === 0 ? gradient : tf.add(gradient, tf.mul(weight, l2));
}
