import { defineKernel, type Kernel, type KernelCall } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Kernels } from '../kernels.generated.ts';
import { stepOnTensorflow } from './kernels/tensorflow.ts';
import { stepOnWasm } from './kernels/wasm.ts';
import { stepOnWebgpu } from './kernels/webgpu.ts';

/** A weight, its gradient, and a tensor of its shape for each slot of its state; float32. */
export type StepInputs<K extends string> = Readonly<Record<'weight' | 'gradient' | K, Tensor>>;

/** The numbers of a step. */
export type StepAttrs<N extends string> = Readonly<Record<N, number>>;

/** What one step of an optimiser makes of a weight and its state. */
export interface StepDefinition<K extends string, N extends string> {
  readonly name: string;
  readonly slots: readonly K[];
  /** Names of the numbers, in the order in which `wasm` and the op of the addon take them. */
  readonly numbers: readonly N[];
  readonly composite: (
    inputs: StepInputs<K>,
    attrs: StepAttrs<N>,
  ) => Readonly<Record<'weight' | K, Tensor>>;
  readonly wasm: keyof Kernels & string;
  /** Statements that change `weight[at]` and the slots by `gradient[at]`; the numbers are fields of `uniforms`. */
  readonly wgsl: string;
  /** Two sets of numbers: the first for short calls, the second for all. */
  readonly examples: readonly [StepAttrs<N>, StepAttrs<N>];
  readonly flopsPerElement: (attrs: StepAttrs<N>) => number;
}

const shapes = [[], [1], [7], [5, 3], [129, 63], [65_537, 2]];

/**
 * A kernel that gives the new weight and the new slots, in this order. It has no gradient. A version for a backend
 * writes in place of what nothing else holds (on `tensorflow` of slots alone, since slices and reshapes of a weight share
 * its memory unseen).
 */
export function defineStep<K extends string, N extends string>(
  step: StepDefinition<K, N>,
): Kernel<StepInputs<K>, StepAttrs<N>> {
  const { name, slots, composite, examples, flopsPerElement } = step;
  const attrsOf = (shape: readonly number[]) => examples[shape.length > 1 ? 1 : 0];
  return defineKernel<StepInputs<K>, StepAttrs<N>>({
    name,
    composite: ({ inputs, attrs }: KernelCall<StepInputs<K>, StepAttrs<N>>) => {
      const made = composite(inputs, attrs);
      return [made.weight, ...slots.map((key): Tensor => made[key])];
    },
    backendKernels: {
      wasm: stepOnWasm(step),
      webgpu: stepOnWebgpu(step),
      tensorflow: stepOnTensorflow(step),
    },
    code: import.meta.neverendCode,
    cases: shapes.map((shape) => {
      const state = slots.map((key) => [key, { shape, mean: 5 }]);
      return randomCase(
        { weight: { shape }, gradient: { shape }, ...Object.fromEntries(state) },
        attrsOf(shape),
      );
    }),
    flops: ({ inputs, attrs }) => flopsPerElement(attrs) * inputs.weight.size,
  });
}
