import * as tf from '@tensorflow/tfjs-core';
import type { CallsOf } from './calls-of.ts';

/** An image, and how its places were dealt out to a batch of images, each of whose windows has no dilations. */
interface Dealt {
  readonly x: tf.Tensor4D;
  readonly blockShape: number[];
  readonly paddings: readonly [[number, number], [number, number]];
}

/** Deals out what was padded with a number other than zero. */
function deal({ x, blockShape, paddings }: Dealt, pad: number): tf.Tensor {
  const padded = tf.pad4d(x, [[0, 0], ...paddings, [0, 0]], pad);
  const none = blockShape.map(() => [0, 0]);
  return tf.spaceToBatchND(padded, blockShape, none);
}

const dealt = new WeakMap<tf.Tensor, Dealt>();

/** Stock, the pads `same` of a `tf.pool` with dilations are zeros among its numbers. */
export const callsOfPool: CallsOf = (run, name, inputs, attrs) => {
  const { x } = inputs as Record<'x', tf.Tensor>;
  const from = dealt.get(x);
  if (from !== undefined && name === 'MaxPool') {
    const least = x.dtype === 'int32' ? -(2 ** 31) : Number.NEGATIVE_INFINITY;
    return run(name, { x: deal(from, least) }, attrs);
  }
  const y = run(name, inputs, attrs);
  if (name === 'SpaceToBatchND') {
    dealt.set(y, { x: x as tf.Tensor4D, ...(attrs as unknown as Omit<Dealt, 'x'>) });
  }
  if (from === undefined || name !== 'AvgPool') return y;
  const ones = { ...from, x: tf.onesLike(from.x) };
  // Some windows of pads alone are cut off again.
  return tf.divNoNan(y, run(name, { x: deal(ones, 0) }, attrs));
};
