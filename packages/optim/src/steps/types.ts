import type { Tensor } from '@tensorflow/tfjs-core';
import type { Kernels } from '../kernels.generated.ts';

/** A weight, its gradient, and a tensor of its shape for each slot of its state; float32. */
export type StepInputs<K extends string> = Readonly<Record<'weight' | 'gradient' | K, Tensor>>;

/** The numbers of a step. */
export type StepAttrs<N extends string> = Readonly<Record<N, number>>;

/** A step out of the operations of TensorFlow.js: the next weight and the next tensors of its state. */
export type StepComposite<K extends string, N extends string> = (
  inputs: StepInputs<K>,
  attrs: StepAttrs<N>,
) => Readonly<Record<'weight' | K, Tensor>>;

/** Two sets of numbers at which kernels are compared with the composite: the first for short calls, the second for long ones. */
export type StepExamples<N extends string> = readonly [StepAttrs<N>, StepAttrs<N>];

/** What one step of an optimiser makes of a weight and its state. */
export interface StepDefinition<K extends string, N extends string> {
  readonly name: string;
  readonly slots: readonly K[];
  /** Names of the numbers, in the order in which the kernels of wasm and tensorflow take them. */
  readonly numbers: readonly N[];
  readonly composite: StepComposite<K, N>;
  readonly wasm: keyof Kernels & string;
  /** Statements that change `weight[at]` and the slots by `gradient[at]`; the numbers are fields of `uniforms`. */
  readonly wgsl: string;
  readonly examples: StepExamples<N>;
  readonly flopsPerElement: (attrs: StepAttrs<N>) => number;
}

/**
 * `m = beta1 m + oneMinusBeta1 g`, `v = beta2 v + oneMinusBeta2 g²`, and the weight becomes `decay` of itself less
 * `stepSize m / (sqrt(v) + epsilon)`: both bias corrections lie in `stepSize` and `epsilon`.
 */
export type AdamWNumber =
  | 'decay'
  | 'stepSize'
  | 'epsilon'
  | 'beta1'
  | 'beta2'
  | 'oneMinusBeta1'
  | 'oneMinusBeta2';

/**
 * The weight becomes `decay` of itself less `stepSize` times the sign of `beta1 m + oneMinusBeta1 g`; then
 * `m = beta2 m + oneMinusBeta2 g`.
 */
export type LionNumber = Exclude<AdamWNumber, 'epsilon'>;

/** The weight becomes `decay` of itself less `stepSize` times `g`, which is the gradient plus `l2` times the weight. */
export type SGDNumber = 'decay' | 'l2' | 'stepSize';

/** The step is instead `gradientScale g + momentumScale u`, with the running sum `u = momentum u + g`. */
export type MomentumNumber = 'decay' | 'l2' | 'momentum' | 'gradientScale' | 'momentumScale';
