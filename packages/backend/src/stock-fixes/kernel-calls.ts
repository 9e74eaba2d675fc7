import * as tf from '@tensorflow/tfjs-core';
import type { CallsOf } from './calls-of.ts';
import { callsOfPool } from './dilated-pool.ts';
import { isEnd } from './is-end.ts';
import { callsOfNorm } from './norm.ts';

type Engine = ReturnType<typeof tf.engine>;

const mended = Symbol.for('neverend.kernelCalls');

/** `tf.conv1d` is a conv2d of images of one row. Stock, a number as its pad is put above and below that row too, and the shapes do not fit. */
const callsOfConv1d: CallsOf = (run, name, inputs, attrs) => {
  const pad = attrs?.['pad'];
  if (name !== 'Conv2D' || typeof pad !== 'number') return run(name, inputs, attrs);
  const none = [0, 0];
  return run(name, inputs, { ...attrs, pad: [none, none, [pad, pad], none] });
};

/** `tf.logSumExp` takes away the largest number, which stock does even where it is infinite. */
const callsOfLogSumExp: CallsOf = (run, name, inputs, attrs) => {
  const y = run(name, inputs, attrs);
  return name === 'Max' ? tf.where(tf.isFinite(y), y, tf.zerosLike(y)) : y;
};

/** Losses are divided by how many there are, stock even where that is none. */
const callsOfWeightedLoss: CallsOf = (run, name, inputs, attrs) =>
  name === 'RealDiv'
    ? tf.divNoNan(inputs['a'] as tf.Tensor, inputs['b'] as tf.Tensor)
    : run(name, inputs, attrs);

/** By the scope of the function whose operation calls the kernel. */
const byCaller: Readonly<Record<string, CallsOf>> = {
  conv1d__op: callsOfConv1d,
  logSumExp__op: callsOfLogSumExp,
  computeWeightedLoss__op: callsOfWeightedLoss,
  norm__op: callsOfNorm,
  pool__op: callsOfPool,
};

/** Stock, gradients fail without a scale or an offset, and numbers that are not those of the last axes are another axis'. */
const batchNorm: CallsOf = (run, name, inputs, attrs) => {
  const { x, mean, variance, offset, scale } = inputs as Record<string, tf.Tensor> &
    Record<'x' | 'mean' | 'variance', tf.Tensor>;
  const given = [mean, variance, ...(offset ? [offset] : []), ...(scale ? [scale] : [])];
  if (given.every(({ shape }) => isEnd(shape, x.shape))) {
    const all = { x, mean, variance, scale: scale ?? tf.ones(mean.shape) };
    return run(name, offset ? { ...all, offset } : all, attrs);
  }
  const { varianceEpsilon } = attrs as unknown as tf.FusedBatchNormAttrs;
  const inverse = tf.rsqrt(tf.add(variance, varianceEpsilon));
  const y = tf.mul(tf.sub(x, mean), scale ? tf.mul(inverse, scale) : inverse);
  return offset ? tf.add(y, offset) : y;
};

/** Mends functions of TensorFlow.js by what they ask of kernels. */
export function registerKernelCalls(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const runKernel = engine.runKernel.bind(engine) as Engine['runKernel'];
  engine.runKernel = ((name, inputs, attrs) => {
    const calls =
      name === 'FusedBatchNorm' ? batchNorm : byCaller[engine.state.scopeStack.at(-2)?.name ?? ''];
    return calls === undefined
      ? runKernel(name, inputs, attrs)
      : calls(runKernel, name, inputs, attrs);
  }) as Engine['runKernel'];
}
