import { checkObject } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkNotNegative } from '../checks.ts';
import type { NamedState } from '../optimizer-state.ts';
import { type RowStep, runRowStep } from '../row-steps/index.ts';
import type { RowTensors } from '../row-steps/types.ts';
import type { StepAttrs } from '../steps/types.ts';
import { mergeByPlan } from './merge-rows.ts';
import { checkRowGradient, type RowGradient } from './row-gradient.ts';
import {
  type RowStorageSettings,
  rowStorageSettings,
  type StateSpec,
  TableStates,
} from './table-states.ts';

/** What every optimiser of rows takes. */
export interface RowOptimizerSettings extends RowStorageSettings {
  readonly learningRate: number;
  /** Decoupled decay of the touched rows: each is first multiplied by `1 - learningRate * weightDecay`. */
  readonly weightDecay?: number;
}

/** The names of what every optimiser of rows takes. */
export const rowOptimizerSettings: readonly (keyof RowOptimizerSettings)[] = [
  'learningRate',
  'weightDecay',
  ...rowStorageSettings,
];

/** What the numbers of one update depend on. */
export interface RowUpdate {
  /** Number of the table's updates, this one among them. */
  readonly step: number;
  readonly learningRate: number;
  /** What the weights are multiplied by first. */
  readonly decay: number;
}

/**
 * An optimiser of tables `[N, D]`, variables or others, from gradients of some of their rows: only those rows and their
 * state change. A table is known by its object, and its state begins with its first gradient.
 *
 * @typeParam K names of the state's tensors. @typeParam N names of the numbers of a step.
 */
export abstract class RowOptimizer<K extends string, N extends string> {
  readonly #step: RowStep<K, N>;
  readonly #weightDecay: number;
  readonly #states: TableStates<K>;
  #learningRate = 0;

  /**
   * @param initialValues what the numbers of each slot of the state begin with.
   * @throws RangeError for a setting that is negative or not finite.
   */
  constructor(
    step: RowStep<K, N>,
    initialValues: Readonly<Record<K, number>>,
    { learningRate, weightDecay = 0, ...storage }: RowOptimizerSettings,
  ) {
    checkNotNegative({ weightDecay });
    this.#step = step;
    this.#weightDecay = weightDecay;
    const keys = Object.keys(step.slots) as K[];
    const specs = keys.map((key): [K, StateSpec] => [
      key,
      { per: step.slots[key], initialValue: initialValues[key] },
    ]);
    this.#states = new TableStates(Object.fromEntries(specs) as Record<K, StateSpec>, storage);
    this.setLearningRate(learningRate);
  }

  /** The numbers of one update. */
  protected abstract numbers(update: RowUpdate): StepAttrs<N>;

  get learningRate(): number {
    return this.#learningRate;
  }

  /** Sets the rate of the steps to come. @throws RangeError when it is negative or not finite. */
  setLearningRate(learningRate: number): void {
    checkNotNegative({ learningRate });
    this.#learningRate = learningRate;
  }

  /** Number of steps that have ended. */
  get step(): number {
    return this.#states.step;
  }

  /**
   * One update of the rows that have a gradient. Indices that are a tensor are read back from the device: pass an
   * `Int32Array` where you have one.
   *
   * A call need not wait for the end of another one: steps of one optimiser, or of one table, follow one another in
   * the order of their calls, each with the learning rate at its call.
   *
   * @param gradients by the tables' names; they stay the caller's, and must live until the step has ended.
   * @returns ends with the step.
   * @throws ShapeError or DTypeError when a gradient does not fit its table.
   * @throws RangeError when a name is no table's or an index not a row's. Nothing has changed then, nor when a store
   * fails, unless it also fails to take its old rows back: that is an AggregateError.
   */
  async applyGradients(gradients: Readonly<Record<string, RowGradient>>): Promise<void> {
    const learningRate = this.#learningRate;
    checkObject('gradients', gradients, 'of row gradients by names');
    const touched = Object.entries(gradients).map(([name, gradient]) => {
      const table = this.#states.table(name, 'gradients');
      checkRowGradient(`of "${name}"`, gradient, table.shape[1]);
      return { table, ...gradient };
    });
    const decay = 1 - learningRate * this.#weightDecay;
    await this.#states.change(touched, ({ rows }, plan, step) => {
      const numbers = this.numbers({ step, learningRate, decay });
      const updateWhole = (tables: RowTensors<K>, at: tf.Tensor): RowTensors<K> =>
        runRowStep(this.#step, tables, mergeByPlan(plan, rows), at, numbers);
      return { update: (old) => updateWhole(...asTables(old)), updateWhole };
    });
  }

  /**
   * The state by names, as a checkpoint takes it: `iter`, the number of steps, and for each table its tensors as
   * `<name>/<key>` and the number of its updates as `<name>/step`. Counts are int32 scalars. What lies in a `stateStore` is
   * not among them.
   *
   * @returns the optimiser's own tensors: they live until its next step, which may write into them, and the caller
   * must not dispose them. Wait for the end of a step before.
   */
  state(): Record<string, tf.Tensor> {
    return this.#states.state();
  }

  /**
   * Puts what `state` gave in place of the optimiser's own state. Variables need not exist yet: the first one of a name
   * and shape gets what is under this name. A table without a step of its own has been updated in every step.
   *
   * @param state copied, so that it stays the caller's.
   * @throws ShapeError naming every tensor that is missing, not expected, or does not fit its table or the others of its
   * name. Nothing has changed then.
   */
  restore(state: NamedState): Promise<void> {
    return this.#states.restore(state);
  }

  /** Frees the state in memory; a later step begins anew. Wait for the end of a step before. */
  dispose(): void {
    this.#states.dispose();
  }
}

/** Rows as tables of their own, which are copied where a kernel writes in place. */
function asTables<K extends string>(rows: RowTensors<K>): [RowTensors<K>, tf.Tensor] {
  const held = Object.entries<tf.Tensor>(rows).map(([key, tensor]) => [key, tf.clone(tensor)]);
  return [
    Object.fromEntries(held) as RowTensors<K>,
    tf.range(0, rows.weights.shape[0] ?? 0, 1, 'int32'),
  ];
}
