/**
 * One step of each optimiser as a kernel: it gives the next weight and the next tensors of its state, in this order, and
 * has no gradient. The kernels of a backend write in place of what nothing else holds (on `tensorflow` of the state alone,
 * since slices and reshapes of a weight share its memory unseen).
 */
import { defineKernel, type Kernel } from '@neverend/backend';
import {
  adamWExamples,
  lionExamples,
  sgdExamples,
  sgdMomentumExamples,
  stepCases,
} from './cases.ts';
import { adamWComposite, lionComposite, sgdComposite, sgdMomentumComposite } from './composite.ts';
import { stepOnTensorflow } from './kernels/tensorflow.ts';
import { stepOnWasm } from './kernels/wasm.ts';
import { adamWWgsl, lionWgsl, sgdMomentumWgsl, sgdWgsl, stepOnWebgpu } from './kernels/webgpu.ts';
import type {
  AdamWNumber,
  LionNumber,
  MomentumNumber,
  SGDNumber,
  StepAttrs,
  StepDefinition,
  StepInputs,
} from './types.ts';

export const adamWStep: StepKernel<'m' | 'v', AdamWNumber> = defineStep({
  name: 'NeverendAdamW',
  slots: ['m', 'v'],
  numbers: ['decay', 'stepSize', 'epsilon', 'beta1', 'beta2', 'oneMinusBeta1', 'oneMinusBeta2'],
  composite: adamWComposite,
  wasm: 'adamW',
  wgsl: adamWWgsl,
  examples: adamWExamples,
  flopsPerElement: ({ decay }) => (decay === 1 ? 12 : 13),
});

export const lionStep: StepKernel<'m', LionNumber> = defineStep({
  name: 'NeverendLion',
  slots: ['m'],
  numbers: ['decay', 'stepSize', 'beta1', 'beta2', 'oneMinusBeta1', 'oneMinusBeta2'],
  composite: lionComposite,
  wasm: 'lion',
  wgsl: lionWgsl,
  examples: lionExamples,
  flopsPerElement: ({ decay }) => (decay === 1 ? 9 : 10),
});

export const sgdStep: StepKernel<never, SGDNumber> = defineStep<never, SGDNumber>({
  name: 'NeverendSgd',
  slots: [],
  numbers: ['decay', 'l2', 'stepSize'],
  composite: sgdComposite,
  wasm: 'sgd',
  wgsl: sgdWgsl,
  examples: sgdExamples,
  flopsPerElement: (attrs) => 2 + decayFlops(attrs),
});

export const sgdMomentumStep: StepKernel<'momentum', MomentumNumber> = defineStep({
  name: 'NeverendSgdMomentum',
  slots: ['momentum'],
  numbers: ['decay', 'l2', 'momentum', 'gradientScale', 'momentumScale'],
  composite: sgdMomentumComposite,
  wasm: 'sgdMomentum',
  wgsl: sgdMomentumWgsl,
  examples: sgdMomentumExamples,
  flopsPerElement: (attrs) => (attrs.gradientScale === 0 ? 4 : 6) + decayFlops(attrs),
});

type StepKernel<K extends string, N extends string> = Kernel<StepInputs<K>, StepAttrs<N>>;

function defineStep<K extends string, N extends string>(
  step: StepDefinition<K, N>,
): StepKernel<K, N> {
  const { name, slots, composite, examples, flopsPerElement } = step;
  return defineKernel<StepInputs<K>, StepAttrs<N>>({
    name,
    composite: ({ inputs, attrs }) => {
      const next = composite(inputs, attrs);
      return [next.weight, ...slots.map((key) => next[key])];
    },
    backendKernels: {
      wasm: stepOnWasm(step),
      webgpu: stepOnWebgpu(step),
      tensorflow: stepOnTensorflow(step),
    },
    code: import.meta.neverendCode,
    cases: stepCases(slots, examples),
    flops: ({ inputs, attrs }) => flopsPerElement(attrs) * inputs.weight.size,
  });
}

function decayFlops({ decay, l2 }: StepAttrs<'decay' | 'l2'>): number {
  return (decay === 1 ? 0 : 1) + (l2 === 0 ? 0 : 2);
}
