import { defineKernel, type Kernel, type KernelCall, type KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { gatesGradTensorflow, gatesTensorflow } from './kernels/tensorflow.ts';
import { gatesGradWasm, gatesWasm } from './kernels/wasm.ts';
import { gatesGradWebgpu, gatesWebgpu } from './kernels/webgpu.ts';

export type GateInputs = {
  /** `[M, N, E]`. */
  readonly x: tf.Tensor;
  /** What the input gate's sigmoid takes, `[M, N, E]`. */
  readonly input: tf.Tensor;
  /** What the recurrence gate's sigmoid takes, `[M, N, E]`. */
  readonly forget: tf.Tensor;
  /** `[E]`. */
  readonly aParam: tf.Tensor;
  /** 0 where a sequence begins and 1 elsewhere, `[M]`. */
  readonly keep: tf.Tensor;
};

export type GateGradInputs = GateInputs & { readonly da: tf.Tensor; readonly dGated: tf.Tensor };

export type NoAttrs = Record<string, never>;

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

const grad: Kernel<GateGradInputs, NoAttrs> = defineKernel<GateGradInputs, NoAttrs>({
  name: 'NeverendRgLruGatesGrad',
  composite: ({ inputs }) => {
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
  },
  backendKernels: { wasm: gatesGradWasm, webgpu: gatesGradWebgpu, tensorflow: gatesGradTensorflow },
  code: import.meta.neverendCode,
  cases: [...gateCases(['x', 'input', 'forget', 'da', 'dGated']), boundedCase],
  flops: ({ inputs: { x } }) => 32 * x.size,
});

/**
 * From the gates of the real-gated linear recurrent unit to its recurrence: a = keep exp(-8 sigmoid(forget) softplus(aParam)),
 * and gamma sigmoid(input) x with gamma = sqrt(1 - a²), or 1 where a sequence begins. The backward pass keeps the inputs and
 * computes the rest again; the slope of the root counts as at most 1000.
 */
export const rgLruGates: Kernel<GateInputs, NoAttrs> = defineKernel<GateInputs, NoAttrs>({
  name: 'NeverendRgLruGates',
  composite: ({ inputs }) => {
    const { gate, kept, a, gamma } = gateTerms(inputs);
    return [tf.mul(a, kept), tf.mul(tf.mul(gamma, gate), inputs.x)];
  },
  gradient: {
    saveInputs: ['x', 'input', 'forget', 'aParam', 'keep'],
    backward: ([da, dGated], [x, input, forget, aParam, keep], attrs) => {
      const call = { x, input, forget, aParam, keep, da, dGated };
      const [dx, dInput, dForget, dAParam] = grad.run(call as GateGradInputs, attrs) as Four;
      return { x: () => dx, input: () => dInput, forget: () => dForget, aParam: () => dAParam };
    },
  },
  backendKernels: { wasm: gatesWasm, webgpu: gatesWebgpu, tensorflow: gatesTensorflow },
  code: import.meta.neverendCode,
  cases: gateCases(['x', 'input', 'forget']),
  flops: ({ inputs: { x } }) => 18 * x.size,
});

type Four = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

/** Calls with tensors `[M, N, E]` of these names, and with aParam and keep. */
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
    const inputs = Object.fromEntries(names.map((name) => [name, { shape }]));
    const keep = Float32Array.from({ length: steps }, (_, step) => (step % 3 === 0 ? 0 : 1));
    return randomCase(
      { ...inputs, aParam: { shape: [width] } },
      {},
      { keep: () => tf.tensor1d(keep) },
    );
  });
}

/**
 * A call with eigenvalues so near 1 that the slope of the root is bounded. What rounding leaves of the root itself is small beside
 * the first step, which begins a sequence; the gradients of aParam and forget are of the second step alone.
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
      input: steps(0, 0),
      // A sigmoid of 1/4.
      forget: steps(0, -Math.log(3)),
      aParam,
      keep: tf.tensor1d([0, 1]),
      da: steps(0, 0),
      dGated: steps(1e3, 1),
    },
    attrs: {},
  };
}
