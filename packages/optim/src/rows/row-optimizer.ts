import { ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkFloat, checkNotNegative, checkStep } from '../checks.ts';
import type { Slot } from '../slots.ts';
import { planMerge, sumRows } from './merge-rows.ts';
import { checkRowGradient, type RowGradient } from './row-gradient.ts';
import { hostIndices, tableNamed } from './table.ts';
import { type RowRule, updateRows } from './update-rows.ts';

/** What every optimiser of rows takes. */
export interface RowOptimizerSettings {
  readonly learningRate: number;
  /** Decoupled decay of the touched rows: each is first multiplied by `1 - learningRate * weightDecay`. */
  readonly weightDecay?: number;
}

/** A tensor of a table's state: one number an element (`[N, D]`) or a row (`[N]`), and where it begins. */
export interface SlotSpec {
  readonly per: 'element' | 'row';
  readonly start: number;
}

/** The numbers of one update. */
export interface RowRuleSettings {
  /** Updates of the table with this one. */
  readonly step: number;
  readonly learningRate: number;
}

interface TableState<K extends string> {
  readonly tensors: Readonly<Record<K, tf.Tensor>>;
  readonly step: number;
}

/**
 * An optimiser of tables, variables `[N, D]`, from gradients of some of their rows: only those rows and their state
 * change. State belongs to variables by name and begins with a variable's first gradient.
 *
 * @typeParam K names of the state's tensors.
 */
export abstract class RowOptimizer<K extends string> {
  readonly #specs: Readonly<Record<K, SlotSpec>>;
  readonly #weightDecay: number;
  readonly #tables: Map<string, TableState<K>> = new Map();
  #learningRate = 0;
  #step = 0;

  /** @throws RangeError for a setting that is negative or not finite. */
  constructor(
    specs: Readonly<Record<K, SlotSpec>>,
    { learningRate, weightDecay = 0 }: RowOptimizerSettings,
  ) {
    checkNotNegative({ weightDecay });
    this.#specs = specs;
    this.#weightDecay = weightDecay;
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

  /** Number of `applyGradients` calls so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * One update of the rows that have a gradient. Indices that are a tensor are read back from the device: pass an
   * `Int32Array` where you have one.
   *
   * @param gradients by the variables' names; they stay the caller's.
   * @throws ShapeError or DTypeError when a gradient does not fit its table or the table's state.
   * @throws RangeError when a name is not a variable's or an index not a row's. Nothing has changed then.
   */
  async applyGradients(gradients: Readonly<Record<string, RowGradient>>): Promise<void> {
    const checked = Object.entries(gradients).map(([name, gradient]) => {
      const table = this.#table(name);
      checkRowGradient(`of "${name}"`, gradient, table.shape[1]);
      return { name, table, ...gradient };
    });
    const updates = await Promise.all(
      checked.map(async ({ indices, ...update }) => {
        const values = await hostIndices(update.name, indices, update.table);
        return { ...update, plan: planMerge(values) };
      }),
    );
    tf.tidy(() => {
      for (const { name, table, plan, rows } of updates) {
        const { tensors, step } = this.#tables.get(name) ?? this.#start(table.shape);
        const updated =
          plan.indices.length === 0
            ? { table: tf.clone(table), slots: this.#map((key) => tf.clone(tensors[key])) }
            : updateRows(this.#decayedRule(step + 1), table, tensors, {
                indices: plan.indices,
                rows: sumRows(plan, rows),
              });
        table.assign(updated.table);
        const kept = this.#map((key) => tf.keep(updated.slots[key]));
        tf.dispose(tensors);
        this.#tables.set(name, { tensors: kept, step: step + 1 });
      }
    });
    this.#step++;
  }

  /**
   * Everything that `restore` needs. The tensors are the optimiser's own: they live until its next step, and the
   * caller must not dispose them.
   */
  state(): { step: number; slots: Record<string, Required<Slot<K>>> } {
    const slots = [...this.#tables].map(([name, { tensors, step }]) => [
      name,
      { ...tensors, step },
    ]);
    return { step: this.#step, slots: Object.fromEntries(slots) };
  }

  /**
   * Puts this state in place of the optimiser's own.
   *
   * @param step what `state` gave: an integer >= 0.
   * @param slots by the variables' names; copied, so they stay the caller's. A slot without a step of its own has
   * been updated in every step.
   * @throws RangeError for a step that is not an integer >= 0, DTypeError for a tensor that is not float32.
   */
  restore(step: number, slots: Readonly<Record<string, Slot<K>>>): void {
    checkStep('step', step);
    for (const [name, slot] of Object.entries(slots)) {
      checkStep(`the step of slot "${name}"`, slot.step ?? step);
      this.#map((key) => {
        checkFloat(`${key} of slot "${name}"`, slot[key]);
        return slot[key];
      });
    }
    const copies = Object.entries(slots).map(([name, slot]) => {
      const tensors = this.#map((key) => tf.keep(tf.clone(slot[key])));
      return [name, { tensors, step: slot.step ?? step }] as const;
    });
    this.dispose();
    for (const [name, state] of copies) this.#tables.set(name, state);
    this.#step = step;
  }

  /** Frees the state; a later step begins anew. */
  dispose(): void {
    for (const { tensors } of this.#tables.values()) tf.dispose(tensors);
    this.#tables.clear();
    this.#step = 0;
  }

  #decayedRule(step: number): RowRule<K> {
    const rule = this.rule({ step, learningRate: this.#learningRate });
    if (this.#weightDecay === 0) return rule;
    const keep = tf.scalar(1 - this.#learningRate * this.#weightDecay);
    return (weights, gradient, slots) => rule(tf.mul(weights, keep), gradient, slots);
  }

  #table(name: string): tf.Variable {
    const table = tableNamed(name, 'gradients');
    const state = this.#tables.get(name);
    if (state !== undefined) {
      this.#map((key) => {
        const [shape, wanted] = [state.tensors[key].shape, this.#shape(key, table.shape)];
        if (!tf.util.arraysEqual(shape, wanted)) {
          throw new ShapeError(`${key} of "${name}" has shape [${shape}]; it must be [${wanted}]`);
        }
        return state.tensors[key];
      });
    }
    return table;
  }

  #start(table: readonly number[]): TableState<K> {
    const tensors = this.#map((key) => tf.fill(this.#shape(key, table), this.#specs[key].start));
    return { tensors, step: 0 };
  }

  #shape(key: K, table: readonly number[]): number[] {
    return this.#specs[key].per === 'row' ? table.slice(0, 1) : table.slice();
  }

  #map(make: (key: K) => tf.Tensor): Record<K, tf.Tensor> {
    const keys = Object.keys(this.#specs) as K[];
    return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, tf.Tensor>;
  }
}
