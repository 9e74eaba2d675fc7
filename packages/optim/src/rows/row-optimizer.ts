import * as tf from '@tensorflow/tfjs-core';
import { checkNotNegative } from '../checks.ts';
import type { NamedState } from '../optimizer-state.ts';
import type { Rows } from './change-rows.ts';
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

/** The numbers of one update. */
export interface RowRuleSettings {
  /** Number of the table's updates, this one among them. */
  readonly step: number;
  readonly learningRate: number;
}

/** What an update makes of the rows that a gradient touches: all are float32 `[U, D]`, or `[U, 1]` for one number a row. */
export type RowRule<K extends string> = (
  weights: tf.Tensor,
  gradient: tf.Tensor,
  slots: Rows<K>,
) => { readonly weights: tf.Tensor; readonly slots: Rows<K> };

/**
 * An optimiser of tables `[N, D]`, variables or others, from gradients of some of their rows: only those rows and their
 * state change. A table is known by its object, and its state begins with its first gradient.
 *
 * @typeParam K names of the state's tensors.
 */
export abstract class RowOptimizer<K extends string> {
  readonly #weightDecay: number;
  readonly #states: TableStates<K>;
  #learningRate = 0;

  /** @throws RangeError for a setting that is negative or not finite. */
  constructor(
    specs: Readonly<Record<K, StateSpec>>,
    { learningRate, weightDecay = 0, ...storage }: RowOptimizerSettings,
  ) {
    checkNotNegative({ weightDecay });
    this.#weightDecay = weightDecay;
    this.#states = new TableStates(specs, storage);
    this.setLearningRate(learningRate);
  }

  /** The rule of one update; called in a `tf.tidy`. The weights that it gets have decayed. */
  protected abstract rule(settings: RowRuleSettings): RowRule<K>;

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
    const touched = Object.entries(gradients).map(([name, gradient]) => {
      const table = this.#states.table(name, 'gradients');
      checkRowGradient(`of "${name}"`, gradient, table.shape[1]);
      return { table, ...gradient };
    });
    await this.#states.change(touched, ({ rows }, plan, step) => ({ weights, ...slots }) => {
      const updated = this.rule({ step, learningRate })(
        this.#decayed(weights, learningRate),
        mergeByPlan(plan, rows),
        slots as Rows<K>,
      );
      return { ...updated.slots, weights: updated.weights };
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

  #decayed(weights: tf.Tensor, learningRate: number): tf.Tensor {
    if (this.#weightDecay === 0) return weights;
    return tf.mul(weights, tf.scalar(1 - learningRate * this.#weightDecay));
  }
}
