import type { KernelCall } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { GateGradInputs, GateInputs, NoAttrs } from './types.ts';

/** a and gated, `[M, N, E]` each. */
export function gatesComposite({ inputs }: KernelCall<GateInputs, NoAttrs>): tf.Tensor[] {
  const { gateI, going, a, gamma } = gateTerms(inputs);
  return [whereGoing(a, going), tf.mul(tf.mul(gamma, gateI), inputs.x)];
}

/** a, and 0 where a sequence begins: not a product, which would keep what is not finite. */
export const whereGoing = (a: tf.Tensor, going: tf.Tensor): tf.Tensor =>
  tf.where(tf.greater(going, 0), a, tf.zerosLike(a));

/** The gradients by x, inputGate, recurrenceGate and aParam. */
export function gatesGradComposite({ inputs }: KernelCall<GateGradInputs, NoAttrs>): tf.Tensor[] {
  const { x, aParam, da, dGated } = inputs;
  const { gateI, gateR, going, a, radicand, gamma } = gateTerms(inputs);
  const dx = tf.mul(tf.mul(dGated, gamma), gateI);
  const dInputGate = tf.mul(tf.mul(dx, x), tf.sub(1, gateI));
  // d gamma / d log a = -a² / gamma, with the slope of the root bounded.
  const dGamma = tf.mul(tf.mul(dGated, gateI), x);
  const slope = tf.mul(a, boundedRsqrt(radicand));
  const dLogA = tf.mul(whereGoing(a, going), tf.sub(da, tf.mul(dGamma, slope)));
  const dSoftplus = tf.mul(tf.mul(dLogA, gateR), -8);
  const dRecurrenceGate = tf.mul(tf.mul(dSoftplus, tf.sub(1, gateR)), tf.softplus(aParam));
  const dAParam = tf.mul(tf.sum(tf.reshape(dSoftplus, [-1, aParam.size]), 0), tf.sigmoid(aParam));
  return [dx, dInputGate, dRecurrenceGate, dAParam];
}

interface GateTerms {
  /** The paper's i, sigmoid(inputGate), `[M, N, E]`. */
  readonly gateI: tf.Tensor;
  /** The paper's r, sigmoid(recurrenceGate), `[M, N, E]`. */
  readonly gateR: tf.Tensor;
  /** 1 - reset, `[M, 1, 1]`. */
  readonly going: tf.Tensor;
  /** exp(-8 gateR softplus(aParam)), `[M, N, E]`. */
  readonly a: tf.Tensor;
  /** 1 - a², `[M, N, E]`. */
  readonly radicand: tf.Tensor;
  /** Its root, or 1 where a sequence begins, `[M, N, E]`. */
  readonly gamma: tf.Tensor;
}

/** The gates and what follows from them, with a gradient for use outside of the kernels. */
export function gateTerms({
  inputGate,
  recurrenceGate,
  aParam,
  reset,
}: Omit<GateInputs, 'x'>): GateTerms {
  const gateI = tf.sigmoid(inputGate);
  const gateR = tf.sigmoid(recurrenceGate);
  const logA = tf.mul(gateR, tf.mul(tf.softplus(aParam), -8));
  const begins = tf.reshape(reset, [-1, 1, 1]);
  const going = tf.sub(1, begins);
  const a = tf.exp(logA);
  const radicand = tf.neg(tf.expm1(tf.mul(logA, 2)));
  const gamma = tf.add(tf.mul(boundedSqrt(radicand), going), begins);
  return { gateI, gateR, going, a, radicand, gamma };
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
