import { gatherRows, setRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { decayed } from '../steps/composite.ts';
import type { StepAttrs } from '../steps/types.ts';
import type {
  LazyAdamNumber,
  RowAdagradNumber,
  RowRule,
  RowSGDNumber,
  RowStepInputs,
  RowTensors,
} from './types.ts';

/** Gathers rows, computes new ones, and puts them in their place. @returns the next table and slots. */
export function rowStepComposite<K extends string, N extends string>(
  rule: RowRule<K, N>,
  { gradient, indices, ...rest }: RowStepInputs<K>,
  attrs: StepAttrs<N>,
): RowTensors<K> {
  const tensors = rest as unknown as RowTensors<K>;
  const keys = Object.keys(tensors) as ('weights' | K)[];
  const each = (make: (key: 'weights' | K) => tf.Tensor) =>
    Object.fromEntries(keys.map((key) => [key, make(key)])) as RowTensors<K>;
  const next = rule(
    each((key) => gatherRows(tensors[key], indices)),
    gradient,
    attrs,
  );
  return each((key) => setRows(tensors[key], indices, next[key]));
}

export const rowSGDRule: RowRule<never, RowSGDNumber> = ({ weights }, gradient, attrs) => ({
  weights: tf.sub(decayed(weights, attrs), tf.mul(gradient, attrs.stepSize)),
});

export const rowAdagradRule: RowRule<'sum', RowAdagradNumber> = (rows, gradient, attrs) =>
  adagrad(rows, gradient, tf.square(gradient), attrs);

export const rowWiseAdagradRule: RowRule<'sum', RowAdagradNumber> = (rows, gradient, attrs) =>
  adagrad(rows, gradient, tf.mean(tf.square(gradient), 1, true), attrs);

function adagrad(
  rows: RowTensors<'sum'>,
  gradient: tf.Tensor,
  squares: tf.Tensor,
  attrs: StepAttrs<RowAdagradNumber>,
): RowTensors<'sum'> {
  const sum = tf.add(rows.sum, squares);
  const root = tf.add(tf.sqrt(sum), attrs.epsilon);
  const change = tf.div(tf.mul(gradient, attrs.stepSize), root);
  return { weights: tf.sub(decayed(rows.weights, attrs), change), sum };
}

export const lazyAdamRule: RowRule<'m' | 'v' | 'last', LazyAdamNumber> = (
  rows,
  gradient,
  attrs,
) => {
  const { oneMinusBeta1, oneMinusBeta2, step, catchUp } = attrs;
  const decay = (beta: number): tf.Tensor =>
    catchUp === 0 ? tf.scalar(beta) : tf.pow(tf.scalar(beta), tf.sub(step, rows.last));
  const m = tf.add(tf.mul(rows.m, decay(attrs.beta1)), tf.mul(gradient, oneMinusBeta1));
  const squares = tf.mul(tf.square(gradient), oneMinusBeta2);
  const v = tf.add(tf.mul(rows.v, decay(attrs.beta2)), squares);
  const change = tf.div(tf.mul(m, attrs.stepSize), tf.add(tf.sqrt(v), attrs.epsilon));
  const weights = tf.sub(decayed(rows.weights, attrs), change);
  return { weights, m, v, last: tf.fill(rows.last.shape, step) };
};
