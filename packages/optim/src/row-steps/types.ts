import type { Tensor } from '@tensorflow/tfjs-core';
import type { Kernels } from '../kernels.generated.ts';
import type { SlotShape } from '../optimizer-state.ts';
import type { AdamWNumber, StepAttrs, StepExamples } from '../steps/types.ts';

/** A tensor of the table, or of some of its rows, and one for each slot of its state. */
export type RowTensors<K extends string> = Readonly<Record<'weights' | K, Tensor>>;

/**
 * A table, float32 `[N, D]`; the numbers of U of its rows, int32 `[U]`, none of them twice; their gradient, float32 `[U, D]`;
 * and a tensor for each slot of the state, `[N, D]`, or `[N, 1]` where a row has one number.
 */
export type RowStepInputs<K extends string> = RowTensors<K> &
  Readonly<Record<'gradient' | 'indices', Tensor>>;

/** What a step makes of the rows that have a gradient, out of the operations of TensorFlow.js. */
export type RowRule<K extends string, N extends string> = (
  rows: RowTensors<K>,
  gradient: Tensor,
  attrs: StepAttrs<N>,
) => RowTensors<K>;

/** A step of an optimiser of rows. */
export interface RowStepDefinition<K extends string, N extends string> {
  readonly name: string;
  /** The slots in the order in which kernels take them: one number an element, or a row. */
  readonly slots: Readonly<Record<K, SlotShape>>;
  /** Names of the numbers, in the order in which the kernels of wasm and tensorflow take them. */
  readonly numbers: readonly N[];
  /** False for numbers that the composite alone takes. */
  readonly supports?: (attrs: StepAttrs<N>) => boolean;
  readonly rule: RowRule<K, N>;
  readonly wasm: keyof Kernels & string;
  /**
   * Statements that change what is at `to` of the table by `gradient[at]`; `row` is the number of its row, and the numbers are
   * fields of `uniforms`.
   */
  readonly wgsl: string;
  /** Statements before them, with the sum of the row's squared gradients, `squares`, which is there for those that have this. */
  readonly wgslOfRow?: string;
  readonly examples: StepExamples<N>;
  readonly flopsPerElement: (attrs: StepAttrs<N>) => number;
}

/** The weight becomes `decay` of itself less `stepSize` times the gradient. */
export type RowSGDNumber = 'decay' | 'stepSize';

/** `sum += g²`, or the mean of a row's; the weight becomes `decay` of itself less `stepSize g / (sqrt(sum) + epsilon)`. */
export type RowAdagradNumber = 'decay' | 'stepSize' | 'epsilon';

/**
 * As a step of AdamW, with `last = step`, the number of the table's update. Where `catchUp` is 1, not 0, the moments have first decayed for
 * those from `last` on that had no gradient of the row.
 */
export type LazyAdamNumber = AdamWNumber | 'step' | 'catchUp';
