import { dropoutFactors, softmax, softmaxGrad } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import {
  type AttentionAttrs,
  type AttentionGradInputs,
  type AttentionInputs,
  attentionShape,
  attentionSizes,
} from './types.ts';

/** A score that no key can be seen with: far below all others, and finite, so that no difference of two is NaN. */
export const unseen = -1e30;

/** `[rows, N, H, d]` to `[rows, H, N, d]`, and back. */
const swapped = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 1, 3]);

/** All axes before the last three as one, the rows. */
const flat = (x: tf.Tensor): tf.Tensor =>
  x.rank === 4 ? x : tf.reshape(x, [-1, ...x.shape.slice(-3)]);

/** Attention out of batched products and softmax, with all scores in memory. @returns `[..., M, H, e]`. */
export function attentionComposite(inputs: AttentionInputs, attrs: AttentionAttrs): tf.Tensor {
  const { weights, factors } = weightsOf(inputs, attrs);
  const dropped = factors === undefined ? weights : tf.mul(weights, factors);
  const y = swapped(tf.matMul(dropped, swapped(flat(inputs.v))));
  return inputs.q.rank === 4 ? y : tf.reshape(y, attentionShape(inputs));
}

/** The gradients of sum(dy · y) by q, k and v. */
export function attentionGradComposite(
  { dy, ...inputs }: AttentionGradInputs,
  attrs: AttentionAttrs,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const { queries, keys, weights, factors, dScores } = scoresGradient(inputs, dy, attrs);
  const dropped = factors === undefined ? weights : tf.mul(weights, factors);
  const { q, k, v } = inputs;
  return [
    tf.reshape(swapped(tf.mul(tf.matMul(dScores, keys), attrs.scale)), q.shape),
    tf.reshape(swapped(tf.matMul(dScores, queries, true, false)), k.shape),
    tf.reshape(swapped(tf.matMul(dropped, swapped(flat(dy)), true, false)), v.shape),
  ];
}

/** The gradient of sum(dy · y) by what was added to the scores, summed over the axes along which `mask` has one number. */
export function maskGradComposite(
  { dy, ...inputs }: AttentionGradInputs,
  attrs: AttentionAttrs,
): tf.Tensor {
  const { shape } = inputs.mask;
  // A softmax does not change where all of a query's scores do alike; what would be summed up is the rounding.
  if (shape[3] === 1) return tf.zerosLike(inputs.mask);
  const { dScores } = scoresGradient(inputs, dy, attrs);
  const axes = shape.flatMap((size, axis) => (size < (dScores.shape[axis] ?? 1) ? [axis] : []));
  return axes.length === 0 ? dScores : tf.sum(dScores, axes, true);
}

function scoresGradient(inputs: AttentionInputs, dy: tf.Tensor, attrs: AttentionAttrs) {
  const made = weightsOf(inputs, attrs);
  const { weights, factors } = made;
  const dDropped = tf.matMul(swapped(flat(dy)), swapped(flat(inputs.v)), false, true);
  const dWeights = factors === undefined ? dDropped : tf.mul(dDropped, factors);
  const [dScores] = softmaxGrad.run({ dy: dWeights, y: weights }, {}) as [tf.Tensor];
  return { ...made, dScores };
}

/** The scaled queries, the keys, and the weights `[rows, H, M, N]` with what dropout multiplies them by. */
function weightsOf({ q, k, v, mask }: AttentionInputs, attrs: AttentionAttrs) {
  const { rows, queries: M, keys: N, heads } = attentionSizes({ q, v });
  const [queries, keys] = [swapped(tf.mul(flat(q), attrs.scale)), swapped(flat(k))];
  let scores = tf.matMul(queries, keys, false, true);
  if (attrs.masked) scores = tf.add(scores, mask);
  if (attrs.causal) scores = tf.add(scores, causalMask(M, N, attrs.causalOffset));
  let weights = softmax(attrs.masked || attrs.causal ? tf.maximum(scores, unseen) : scores);
  if (attrs.masked || (attrs.causal && attrs.causalOffset < 0)) {
    // Softmax would share out 1 among keys that are all hidden.
    const seesAny = tf.greater(tf.max(scores, -1, true), unseen / 2);
    weights = tf.mul(weights, tf.cast(seesAny, 'float32'));
  }
  const { dropoutRate: rate, keyLow: low, keyHigh: high } = attrs;
  if (rate === 0) return { queries, keys, weights, factors: undefined };
  const factors = dropoutFactors(rows * heads * M * N, { rate, key: { low, high } });
  return { queries, keys, weights, factors: tf.tensor(factors, weights.shape) };
}

/** `[M, N]`: 0 where query i may see key j <= i + offset. */
function causalMask(M: number, N: number, offset: number): tf.Tensor {
  const values = new Float32Array(M * N);
  for (let i = 0; i < M; i++) {
    values.fill(unseen, i * N + Math.min(N, Math.max(0, i + offset + 1)), (i + 1) * N);
  }
  return tf.tensor2d(values, [M, N]);
}
