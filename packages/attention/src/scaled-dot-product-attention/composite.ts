import { dropoutFactors, softmax, softmaxGrad } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import {
  type AttentionAttrs,
  type AttentionGradInputs,
  type AttentionInputs,
  type AttentionSizes,
  attentionShape,
  attentionSizes,
} from './types.ts';

/** A number for an operation to take that may be infinite or NaN, which the debug mode of TensorFlow.js refuses as a plain number. */
export const constant = (value: number): tf.Scalar => tf.fill<tf.Rank.R0>([], value);

/** `[rows, N, H, d]` to `[rows, H, N, d]`, and back. */
const swapped = (x: tf.Tensor): tf.Tensor => tf.transpose(x, [0, 2, 1, 3]);

/** All axes before the last three as one, the rows. */
const flat = (x: tf.Tensor): tf.Tensor =>
  x.rank === 4 ? x : tf.reshape(x, [-1, ...x.shape.slice(-3)]);

/** Attention out of batched products and softmax, with all scores in memory. @returns `[..., M, H, e]`. */
export function attentionComposite(inputs: AttentionInputs, attrs: AttentionAttrs): tf.Tensor {
  const { weights, factors, seen } = weightsOf(inputs, attrs);
  const dropped = factors === undefined ? weights : tf.mul(weights, factors);
  const y = swapped(seenSum(dropped, swapped(flat(inputs.v)), seen));
  return inputs.q.rank === 4 ? y : tf.reshape(y, attentionShape(inputs));
}

/** The gradients of sum(dy · y) by q, k and v. */
export function attentionGradComposite(
  { dy, ...inputs }: AttentionGradInputs,
  attrs: AttentionAttrs,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const { queries, keys, weights, factors, seen, dScores } = scoresGradient(inputs, dy, attrs);
  const dropped = factors === undefined ? weights : tf.mul(weights, factors);
  const { q, k, v } = inputs;
  // A query or key that is not finite has slopes of its scores that are 0 or NaN.
  const orNaN = (x: tf.Tensor) =>
    seen === undefined ? x : tf.where(tf.isFinite(x), x, constant(Number.NaN));
  return [
    tf.reshape(swapped(tf.mul(seenSum(dScores, orNaN(keys), seen), attrs.scale)), q.shape),
    tf.reshape(swapped(seenSum(dScores, orNaN(queries), seen, true)), k.shape),
    tf.reshape(swapped(seenSum(dropped, swapped(flat(dy)), seen, true)), v.shape),
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
  const dDropped = productsOf(swapped(flat(dy)), swapped(flat(inputs.v)), made.seen);
  const dWeights = factors === undefined ? dDropped : tf.mul(dDropped, factors);
  const slopes = where(made.seen, dWeights, 0);
  const [dScores] = softmaxGrad.run({ dy: slopes, y: weights }, {}) as [tf.Tensor];
  return { ...made, dScores: where(made.seen, dScores, 0) };
}

/** The scaled queries, the keys, and the weights `[rows, H, M, N]` with what dropout multiplies them by. */
function weightsOf({ q, k, v, mask }: AttentionInputs, attrs: AttentionAttrs) {
  const sizes = attentionSizes({ q, v });
  const [queries, keys] = [swapped(tf.mul(flat(q), attrs.scale)), swapped(flat(k))];
  const seen = seenPairs(mask, sizes, attrs);
  const products = productsOf(queries, keys, seen);
  const scores = attrs.masked ? tf.add(products, mask) : products;
  // Softmax gives what is no number to a query that sees no key.
  const weights = where(seen, softmax(where(seen, scores, Number.NEGATIVE_INFINITY)), 0);
  const made = { queries, keys, weights, seen };
  const { dropoutRate: rate, keyLow: low, keyHigh: high } = attrs;
  if (rate === 0) return { ...made, factors: undefined };
  const factors = dropoutFactors(weights.size, { rate, key: { low, high } });
  return { ...made, factors: tf.tensor(factors, weights.shape) };
}

/** Which keys each query sees, to broadcast to `[rows, H, M, N]`; undefined where nothing is hidden. */
function seenPairs(
  mask: tf.Tensor,
  { rows, heads, queries: M, keys: N }: AttentionSizes,
  { masked, causal, causalOffset }: AttentionAttrs,
): tf.Tensor | undefined {
  // Of both batch axes or of none: stock products go astray where one of two is broadcast.
  const batch = mask.shape[0] === 1 && mask.shape[1] === 1 ? [1, 1] : [rows, heads];
  const byMask = masked
    ? tf.broadcastTo(tf.notEqual(mask, constant(Number.NEGATIVE_INFINITY)), [...batch, M, N])
    : undefined;
  if (!causal || causalOffset >= N - 1) return byMask;
  const past = Uint8Array.from({ length: M * N }, (_, at) =>
    at % N <= Math.floor(at / N) + causalOffset ? 1 : 0,
  );
  const byCausal = tf.tensor(past, [1, 1, M, N], 'bool');
  return byMask === undefined ? byCausal : tf.logicalAnd(byMask, byCausal);
}

/** a b'. Pairs that are not seen pass no gradient on; what they come to is for the caller to leave out. */
function productsOf(a: tf.Tensor, b: tf.Tensor, seen: tf.Tensor | undefined): tf.Tensor {
  if (seen === undefined) return tf.matMul(a, b, false, true);
  return ofSeen(a, b, seen, allProducts, (dy, [a, b, seen]) => [
    seenSum(dy, b, seen),
    seenSum(dy, a, seen, true),
  ]);
}

/** On WebGPU stock products meet rows of b beyond the last one with zeros, so that NaN would reach the products of other rows. */
function allProducts(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (tf.getBackend() !== 'webgpu') return tf.matMul(a, b, false, true);
  const finite = tf.isFinite(b);
  const strays = tf.where(tf.all(finite, -1, true), 0, constant(Number.NaN));
  const products = tf.matMul(a, tf.where(finite, b, 0), false, true);
  return tf.add(products, tf.transpose(strays, [0, 1, 3, 2]));
}

/** `x` at the pairs that are seen, `otherwise` at the others. */
const where = (seen: tf.Tensor | undefined, x: tf.Tensor, otherwise: number): tf.Tensor =>
  seen === undefined ? x : tf.where(seen, x, constant(otherwise));

/** weights x, or weights' x, where only pairs that are seen meet. */
function seenSum(
  weights: tf.Tensor,
  x: tf.Tensor,
  seen: tf.Tensor | undefined,
  transpose = false,
): tf.Tensor {
  if (seen === undefined) return tf.matMul(weights, x, transpose, false);
  const value: OfSeen = (weights, x, seen) => metSum(weights, x, seen, transpose);
  return ofSeen(weights, x, seen, value, (dy, [weights, x, seen]) => [
    transpose ? productsOf(x, dy, seen) : productsOf(dy, x, seen),
    seenSum(weights, dy, seen, !transpose),
  ]);
}

/** 0 times what a hidden key holds could be NaN. What is not finite in `x` comes to whoever sees it as such, whatever its weight. */
function metSum(weights: tf.Tensor, x: tf.Tensor, seen: tf.Tensor, transpose: boolean): tf.Tensor {
  const finite = tf.isFinite(x);
  const sum = tf.matMul(weights, tf.where(finite, x, 0), transpose, false);
  // NaN counts as Infinity and as -Infinity, whose sum it is.
  const counts = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((infinity) => {
    const others = tf.logicalOr(finite, tf.equal(x, constant(-infinity)));
    return tf.cast(tf.logicalNot(others), 'float32');
  });
  const met = tf.matMul(tf.cast(seen, 'float32'), tf.concat(counts, 3), transpose, false);
  const [up, down] = tf.split(tf.greater(met, 0), 2, 3) as [tf.Tensor, tf.Tensor];
  return tf.add(
    sum,
    tf.add(
      tf.where(up, constant(Number.POSITIVE_INFINITY), 0),
      tf.where(down, constant(Number.NEGATIVE_INFINITY), 0),
    ),
  );
}

type OfSeen = (a: tf.Tensor, b: tf.Tensor, seen: tf.Tensor) => tf.Tensor;

/** A product whose gradients by a and b are such products again, so that its gradients of any order leave out what is hidden. */
function ofSeen(
  a: tf.Tensor,
  b: tf.Tensor,
  seen: tf.Tensor,
  value: OfSeen,
  gradient: (dy: tf.Tensor, inputs: [tf.Tensor, tf.Tensor, tf.Tensor]) => tf.Tensor[],
): tf.Tensor {
  const product = tf.customGrad((...args) => {
    const [a, b, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([a, b, seen]);
    return {
      value: value(a, b, seen),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        gradient(dy, saved as [tf.Tensor, tf.Tensor, tf.Tensor]),
    };
  });
  return product(a, b);
}
