import type * as tf from '@tensorflow/tfjs-core';
import type { CallsOf } from './calls-of.ts';

const sums = new WeakSet<tf.Tensor>();

/**
 * `tf.norm` of matrices takes the largest, or the smallest, of sums along an axis. Stock, an axis that is counted from the end is counted from
 * that of the sums, which have one axis less.
 */
export const callsOfNorm: CallsOf = (run, name, inputs, attrs) => {
  if (name === 'Sum') {
    const sum = run(name, inputs, attrs);
    sums.add(sum);
    return sum;
  }
  const key = { Max: 'reductionIndices', Min: 'axis' }[name];
  const axis = key === undefined ? undefined : attrs?.[key];
  const { x } = inputs as Record<'x', tf.Tensor>;
  // An axis of -1 comes of axes that are not in order alone.
  if (typeof axis !== 'number' || axis >= -1 || !sums.has(x)) return run(name, inputs, attrs);
  return run(name, inputs, { ...attrs, [key as string]: axis + 1 });
};
