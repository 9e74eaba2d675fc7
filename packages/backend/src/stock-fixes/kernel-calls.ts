import * as tf from '@tensorflow/tfjs-core';
import { isEnd } from './is-end.ts';

type Engine = ReturnType<typeof tf.engine>;
type Run = (inputs: tf.NamedTensorMap, attrs?: tf.NamedAttrMap) => unknown;

const mended = Symbol.for('neverend.kernelCalls');

/** What to do in the place of a call, for the function that calls the kernel's own one. */
type Rule = (
  run: Run,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap | undefined,
  caller: string | undefined,
) => unknown;

const rules: Readonly<Record<string, Rule>> = {
  /** `tf.conv1d` is a conv2d of images of one row. Stock, a number as its pad is put above and below that row too, and the shapes do not fit. */
  Conv2D: (run, inputs, attrs, caller) => {
    const pad = attrs?.['pad'];
    if (typeof pad !== 'number' || caller !== 'conv1d__op') return run(inputs, attrs);
    const none = [0, 0];
    return run(inputs, { ...attrs, pad: [none, none, [pad, pad], none] });
  },
  /** Stock, gradients fail without a scale or an offset, and numbers that are not those of the last axes are another axis'. */
  FusedBatchNorm: (run, inputs, attrs) => {
    const { x, mean, variance, offset, scale } = inputs as Record<string, tf.Tensor> &
      Record<'x' | 'mean' | 'variance', tf.Tensor>;
    const given = [mean, variance, ...(offset ? [offset] : []), ...(scale ? [scale] : [])];
    if (given.every(({ shape }) => isEnd(shape, x.shape))) {
      const all = { x, mean, variance, scale: scale ?? tf.ones(mean.shape) };
      return run(offset ? { ...all, offset } : all, attrs);
    }
    const { varianceEpsilon } = attrs as unknown as tf.FusedBatchNormAttrs;
    const inverse = tf.rsqrt(tf.add(variance, varianceEpsilon));
    const y = tf.mul(tf.sub(x, mean), scale ? tf.mul(inverse, scale) : inverse);
    return offset ? tf.add(y, offset) : y;
  },
  /** `tf.logSumExp` takes away the largest number, which stock does even where it is infinite. */
  Max: (run, inputs, attrs, caller) => {
    const largest = run(inputs, attrs) as tf.Tensor;
    if (caller !== 'logSumExp__op') return largest;
    return tf.where(tf.isFinite(largest), largest, tf.zerosLike(largest));
  },
  /** Losses are divided by how many there are, stock even where that is none. */
  RealDiv: (run, inputs, attrs, caller) =>
    caller === 'computeWeightedLoss__op'
      ? tf.divNoNan(inputs['a'] as tf.Tensor, inputs['b'] as tf.Tensor)
      : run(inputs, attrs),
};

/** Mends functions of TensorFlow.js by what they ask of kernels. */
export function registerKernelCalls(): void {
  const engine = tf.engine() as Engine & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const runKernel = engine.runKernel.bind(engine) as Engine['runKernel'];
  engine.runKernel = ((name, inputs, attrs) => {
    const rule = rules[name];
    if (rule === undefined) return runKernel(name, inputs, attrs);
    const run: Run = (inputs, attrs) => runKernel(name, inputs, attrs);
    return rule(run, inputs, attrs, engine.state.scopeStack.at(-2)?.name);
  }) as Engine['runKernel'];
}
