import type { KernelCall } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { GateGradInputs, GateInputs, NoAttrs } from './types.ts';

/** a and gamma sigmoid(input) x, `[M, N, E]` each. */
export function gatesComposite({ inputs }: KernelCall<GateInputs, NoAttrs>): tf.Tensor[] {
  const { gate, kept, a, gamma } = gateTerms(inputs);
  return [tf.mul(a, kept), tf.mul(tf.mul(gamma, gate), inputs.x)];
}

/** The gradients by x, input, forget and aParam. */
export function gatesGradComposite({ inputs }: KernelCall<GateGradInputs, NoAttrs>): tf.Tensor[] {
  const { x, aParam, da, dGated } = inputs;
  const { gate, rate, kept, a, radicand, gamma } = gateTerms(inputs);
  const dx = tf.mul(tf.mul(dGated, gamma), gate);
  const dInput = tf.mul(tf.mul(dx, x), tf.sub(1, gate));
  // d gamma / d log a = -a² / gamma, with the slope of the root bounded.
  const dGamma = tf.mul(tf.mul(dGated, gate), x);
  const slope = tf.mul(a, boundedRsqrt(radicand));
  const dLogA = tf.mul(tf.mul(a, kept), tf.sub(da, tf.mul(dGamma, slope)));
  const dRate = tf.mul(tf.mul(dLogA, rate), -8);
  const dForget = tf.mul(tf.mul(dRate, tf.sub(1, rate)), tf.softplus(aParam));
  const dAParam = tf.mul(tf.sum(tf.reshape(dRate, [-1, aParam.size]), 0), tf.sigmoid(aParam));
  return [dx, dInput, dForget, dAParam];
}

interface GateTerms {
  /** sigmoid(input), `[M, N, E]`. */
  readonly gate: tf.Tensor;
  /** sigmoid(forget), `[M, N, E]`. */
  readonly rate: tf.Tensor;
  /** `keep` as `[M, 1, 1]`. */
  readonly kept: tf.Tensor;
  /** exp(-8 rate softplus(aParam)), `[M, N, E]`. */
  readonly a: tf.Tensor;
  /** 1 - a², `[M, N, E]`. */
  readonly radicand: tf.Tensor;
  /** Its root, or 1 where a sequence begins, `[M, N, E]`. */
  readonly gamma: tf.Tensor;
}

/** The gates and what follows from them, with a gradient for use outside of the kernels. */
export function gateTerms({ input, forget, aParam, keep }: Omit<GateInputs, 'x'>): GateTerms {
  const gate = tf.sigmoid(input);
  const rate = tf.sigmoid(forget);
  const logA = tf.mul(rate, tf.mul(tf.softplus(aParam), -8));
  const kept = tf.reshape(keep, [-1, 1, 1]);
  const a = tf.exp(logA);
  const radicand = tf.neg(tf.expm1(tf.mul(logA, 2)));
  const gamma = tf.add(tf.mul(boundedSqrt(radicand), kept), tf.sub(1, kept));
  return { gate, rate, kept, a, radicand, gamma };
}

/**
 * The square root of x, with the slope that it has at numbers from 1 / (4 · 1000²) on: at most 1000. Below 0, where an exponential
 * that should be 1 came out above, it is 0.
 */
function boundedSqrt(x: tf.Tensor): tf.Tensor {
  const sqrt = tf.customGrad((value, save) => {
    (save as tf.GradSaveFunc)([value as tf.Tensor]);
    return {
      value: tf.sqrt(tf.relu(value as tf.Tensor)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.mul(dy, tf.mul(boundedRsqrt(saved[0] as tf.Tensor), 0.5)),
    };
  });
  return sqrt(x);
}

function boundedRsqrt(x: tf.Tensor): tf.Tensor {
  return tf.rsqrt(tf.maximum(x, 1 / (4 * 1000 ** 2)));
}
