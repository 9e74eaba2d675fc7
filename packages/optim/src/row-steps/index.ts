/**
 * One step of each optimiser of rows as a kernel: it gives the next table and the next tensors of its state, in this order,
 * and has no gradient. Rows without a gradient stay as they are. The kernels of a backend write in place of what no clone or reshape
 * holds too, as `setRows` does, at a cost that does not depend on N.
 */
import { defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import type { SlotShape } from '../optimizer-state.ts';
import type { StepAttrs } from '../steps/types.ts';
import { lazyAdamExamples, rowAdagradExamples, rowSGDExamples, rowStepCases } from './cases.ts';
import {
  lazyAdamRule,
  rowAdagradRule,
  rowSGDRule,
  rowStepComposite,
  rowWiseAdagradRule,
} from './composite.ts';
import { rowStepOnTensorflow } from './kernels/tensorflow.ts';
import { rowStepOnWasm } from './kernels/wasm.ts';
import {
  lazyAdamWgsl,
  rowAdagradWgsl,
  rowSGDWgsl,
  rowStepOnWebgpu,
  rowWiseAdagradWgsl,
} from './kernels/webgpu.ts';
import type {
  LazyAdamNumber,
  RowAdagradNumber,
  RowSGDNumber,
  RowStepDefinition,
  RowStepInputs,
  RowTensors,
} from './types.ts';

/** A step of rows of a table, and the shapes of its state. */
export interface RowStep<K extends string, N extends string> {
  readonly slots: Readonly<Record<K, SlotShape>>;
  readonly kernel: Kernel<RowStepInputs<K>, StepAttrs<N>>;
}

export const rowSGDStep: RowStep<never, RowSGDNumber> = defineRowStep<never, RowSGDNumber>({
  name: 'NeverendRowSgd',
  slots: {},
  numbers: ['decay', 'stepSize'],
  rule: rowSGDRule,
  wasm: 'rowSgd',
  wgsl: rowSGDWgsl,
  examples: rowSGDExamples,
  flopsPerElement: ({ decay }) => (decay === 1 ? 2 : 3),
});

export const rowAdagradStep: RowStep<'sum', RowAdagradNumber> = defineRowStep({
  name: 'NeverendRowAdagrad',
  slots: { sum: 'element' },
  numbers: ['decay', 'stepSize', 'epsilon'],
  rule: rowAdagradRule,
  wasm: 'rowAdagrad',
  wgsl: rowAdagradWgsl,
  examples: rowAdagradExamples,
  flopsPerElement: ({ decay }) => (decay === 1 ? 7 : 8),
});

export const rowWiseAdagradStep: RowStep<'sum', RowAdagradNumber> = defineRowStep({
  ...{ name: 'NeverendRowWiseAdagrad', slots: { sum: 'row' } },
  numbers: ['decay', 'stepSize', 'epsilon'],
  rule: rowWiseAdagradRule,
  wasm: 'rowWiseAdagrad',
  ...rowWiseAdagradWgsl,
  examples: rowAdagradExamples,
  flopsPerElement: ({ decay }) => (decay === 1 ? 5 : 6),
});

export const lazyAdamStep: RowStep<'m' | 'v' | 'last', LazyAdamNumber> = defineRowStep({
  name: 'NeverendLazyAdam',
  slots: { m: 'element', v: 'element', last: 'row' },
  numbers: [
    ...(['decay', 'stepSize', 'epsilon', 'beta1', 'beta2'] as const),
    ...(['oneMinusBeta1', 'oneMinusBeta2', 'step'] as const),
  ],
  supports: ({ catchUp }) => catchUp === 0,
  rule: lazyAdamRule,
  wasm: 'lazyAdam',
  wgsl: lazyAdamWgsl,
  examples: lazyAdamExamples,
  flopsPerElement: ({ decay }) => (decay === 1 ? 12 : 13),
});

/**
 * Runs a step.
 *
 * @param tensors of the table, or rows of it. @param indices which of their rows have a gradient, int32 `[U]`.
 * @returns the next tensors, the caller's to dispose.
 */
export function runRowStep<K extends string, N extends string>(
  { slots, kernel }: RowStep<K, N>,
  tensors: RowTensors<K>,
  gradient: tf.Tensor,
  indices: tf.Tensor,
  attrs: StepAttrs<N>,
): RowTensors<K> {
  const keys = Object.keys(slots) as K[];
  const [weights, ...state] = kernel.run(
    { ...tensors, gradient, indices } as RowStepInputs<K>,
    attrs,
  );
  const next = keys.map((key, at) => [key, state[at]]);
  return { weights, ...Object.fromEntries(next) } as RowTensors<K>;
}

function defineRowStep<K extends string, N extends string>(
  step: RowStepDefinition<K, N>,
): RowStep<K, N> {
  const { name, slots, rule, examples, flopsPerElement } = step;
  const kernel = defineKernel<RowStepInputs<K>, StepAttrs<N>>({
    name,
    composite: ({ inputs, attrs }) => {
      const next = rowStepComposite(rule, inputs, attrs);
      return [next.weights, ...(Object.keys(slots) as K[]).map((key) => next[key])];
    },
    backendKernels: {
      wasm: rowStepOnWasm(step),
      webgpu: rowStepOnWebgpu(step),
      tensorflow: rowStepOnTensorflow(step),
    },
    code: import.meta.neverendCode,
    cases: rowStepCases(slots, examples),
    flops: ({ inputs, attrs }) => flopsPerElement(attrs) * inputs.gradient.size,
  });
  return { slots, kernel };
}
