import { registerStockFixes } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import {
  staircase,
  type TopPairsAttrs,
  type TopPairsGradAttrs,
  type TopPairsGradInputs,
  type TopPairsInputs,
} from './types.ts';

/** Digits of numbers that float32 holds exactly: a number up to 2^31 has two. */
const radix = 2 ** 16;

/** The k best pairs out of sorting, with all pairs of the staircase in memory. @returns sums `[rows, k]` and pairs, int32 `[rows, k]`. */
export function topPairsComposite(
  { a, b, items, others }: TopPairsInputs,
  { k, size, numbered }: TopPairsAttrs,
): tf.Tensor[] {
  registerStockFixes();
  return tf.tidy(() => {
    const [n = 1, m = 1] = [a.shape[1], b.shape[1]];
    const left = bestOf(a, Math.min(k, n), numbered > 0 ? items : undefined);
    const right = bestOf(b, Math.min(k, m), numbered > 1 ? others : undefined);
    const { first, second } = staircase(k, n, m);
    const [p, q] = [tf.tensor1d(first, 'int32'), tf.tensor1d(second, 'int32')];
    const sums = withoutNaN(tf.add(tf.gather(left.values, p, 1), tf.gather(right.values, q, 1)));
    const digits = [
      ...right.digits.map((digit) => tf.gather(digit, q, 1)),
      ...left.digits.map((digit) => tf.gather(digit, p, 1)),
    ];
    // Equal sums by the lower pair: in the order of pairs, sums are then sorted without moving equal ones.
    const order = sortedBy(digits);
    const { values, indices } = tf.topk(taken(sums, order), k);
    const chosen = digits.map((digit) => taken(digit, taken(order, indices)));
    const j = numberOf(chosen.slice(0, right.digits.length));
    const i = numberOf(chosen.slice(right.digits.length));
    return [values, tf.add(tf.mul(i, whole(size)), j)];
  });
}

const whole = (value: number): tf.Scalar => tf.scalar(value, 'int32');

/** @param digits the lowest first: one or two. */
const numberOf = ([low, high]: readonly tf.Tensor[]): tf.Tensor =>
  high === undefined ? (low as tf.Tensor) : tf.add(tf.mul(high, whole(radix)), low as tf.Tensor);

/** The k best of each row, equal ones by the lower item, with the digits of their items: backends move integers as float32. */
function bestOf(
  scores: tf.Tensor,
  k: number,
  items?: tf.Tensor,
): { readonly values: tf.Tensor; readonly digits: readonly tf.Tensor[] } {
  if (items === undefined) {
    const { values, indices } = tf.topk(withoutNaN(scores), k);
    return { values, digits: [indices] };
  }
  const { quotient, rest } = divided(items, radix);
  const order = sortedBy([rest, quotient]);
  const { values, indices } = tf.topk(taken(withoutNaN(scores), order), k);
  const digits = [rest, quotient].map((digit) => taken(digit, taken(order, indices)));
  return { values, digits };
}

/** What is no number counts as infinity, so that it is found. */
const withoutNaN = (x: tf.Tensor): tf.Tensor => tf.where(tf.isNaN(x), infinite(x.shape), x);

/** `tensorflow` fills by an upload, and in debug mode TensorFlow.js refuses that of infinity. */
const infinite = (shape: number[]): tf.Tensor =>
  tf.getBackend() === 'tensorflow'
    ? tf.exp(tf.fill(shape, 100))
    : tf.fill(shape, Number.POSITIVE_INFINITY);

/** From each row of `[rows, n]` the numbers at these positions, int32 `[rows, count]`. */
const taken = (x: tf.Tensor, positions: tf.Tensor): tf.Tensor => tf.gather(x, positions, 1, 1);

/** Whole int32 numbers >= 0 by one of them. Backends divide as float32: once more what that leaves, which is small. */
function divided(x: tf.Tensor, by: number): { quotient: tf.Tensor; rest: tf.Tensor } {
  const divisor = whole(by);
  const restOf = (quotient: tf.Tensor) => tf.sub(x, tf.mul(quotient, divisor));
  const near = tf.floorDiv(x, divisor);
  const quotient = tf.add(near, tf.floorDiv(restOf(near), divisor));
  return { quotient, rest: restOf(quotient) };
}

/** Positions in the order of numbers that are given by their digits `[rows, count]`, the lowest one first. */
function sortedBy(keys: readonly tf.Tensor[]): tf.Tensor {
  let order: tf.Tensor | undefined;
  for (const key of keys) {
    const now = order === undefined ? key : taken(key, order);
    const { indices } = tf.topk(tf.neg(tf.cast(now, 'float32')), now.shape[1] ?? 1);
    order = order === undefined ? indices : taken(order, indices);
  }
  return order as tf.Tensor;
}

/** @returns the gradients by `a`, `[rows, n]`, and by `b`, `[rows, m]`. */
export function topPairsGradComposite(
  { dsums, pairs, items, others }: TopPairsGradInputs,
  { n, m, size, numbered }: TopPairsGradAttrs,
): tf.Tensor[] {
  registerStockFixes();
  return tf.tidy(() => {
    const [rows = 0] = dsums.shape;
    const { quotient: item, rest: second } = divided(pairs, size);
    const first = numbered > 0 ? positionsOf(item, items) : item;
    const last = numbered > 1 ? positionsOf(second, others) : second;
    const added = (positions: tf.Tensor, width: number): tf.Tensor => {
      const begins = tf.reshape(tf.range(0, rows * width, width, 'int32'), [rows, 1]);
      const at = tf.reshape(tf.add(begins, positions), [-1]) as tf.Tensor1D;
      const sums = tf.unsortedSegmentSum(tf.reshape(dsums, [-1]), at, rows * width);
      return tf.reshape(sums, [rows, width]);
    };
    return [added(first, n), added(last, m)];
  });
}

/** Where each of these numbers `[rows, k]` stands among a row's items `[rows, n]`. */
const positionsOf = (numbers: tf.Tensor, items: tf.Tensor): tf.Tensor =>
  tf.argMax(tf.cast(tf.equal(tf.expandDims(numbers, 2), tf.expandDims(items, 1)), 'float32'), 2);
