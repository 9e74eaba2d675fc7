import {
  geluBackwardNaive,
  geluNaive,
  linearBackwardNaive,
  linearNaive,
} from '@neverend/nn/testing';
import type { Arrays } from '../space-attention/naive.ts';

const dense = (params: Arrays, name: string, x: Float64Array) => ({
  x,
  kernel: params[`${name}/kernel`] ?? new Float64Array(),
  bias: params[`${name}/bias`] ?? new Float64Array(),
});

/** Float64 reference of `mlp`. @param x `[M, D]`. @returns `[M, D]`. */
export function mlpNaive(
  x: Float64Array,
  params: Arrays,
  gelu: typeof geluNaive = geluNaive,
): Float64Array {
  return linearNaive(dense(params, 'Dense_1', gelu(linearNaive(dense(params, 'Dense_0', x)))));
}

/** @param dy `[M, D]`. @returns the gradients of sum(dy · y). */
export function mlpBackwardNaive(
  x: Float64Array,
  params: Arrays,
  dy: Float64Array,
): { x: Float64Array; params: Arrays } {
  const hidden = linearNaive(dense(params, 'Dense_0', x));
  const second = linearBackwardNaive(dense(params, 'Dense_1', geluNaive(hidden)), dy);
  const first = linearBackwardNaive(
    dense(params, 'Dense_0', x),
    geluBackwardNaive(hidden, second.x),
  );
  return {
    x: first.x,
    params: {
      'Dense_0/kernel': first.kernel,
      'Dense_0/bias': first.bias,
      'Dense_1/kernel': second.kernel,
      'Dense_1/bias': second.bias,
    },
  };
}
