import { checkObject, checkOptions } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkBetas } from '../checks.ts';
import type { NamedState } from '../optimizer-state.ts';
import type { Rows } from './change-rows.ts';
import { checkIndices } from './row-gradient.ts';
import { type RowStorageSettings, rowStorageSettings, TableStates } from './table-states.ts';

/** No step yet: the average of a row is the row. */
const untouched = -1;

/**
 * Exponential moving average of tables of which a step changes a few rows, at the cost of those rows: the numbers of an
 * `ExponentialMovingAverage` that was updated once before the first step, and after each. A row that no step touches
 * keeps its weights w, so that k steps take its average to decay^k average + (1 - decay^k) w in one go, before a step
 * changes it or when all averages are wanted. Steps count exactly up to 2^24.
 *
 * The state of a table is the `average` of its rows and, one number a row, the step up to which it counts, `last`: -1 for
 * a row that no step has touched, whose average is the row itself.
 */
export class RowMovingAverage {
  readonly #decay: number;
  readonly #states: TableStates<'average' | 'last'>;

  /** @throws RangeError when `decay` is not in [0, 1), TypeError for an unknown setting. */
  constructor(decay: number, storage: RowStorageSettings = {}) {
    checkOptions('RowMovingAverage', storage, rowStorageSettings);
    checkBetas({ decay });
    this.#decay = decay;
    this.#states = new TableStates(
      {
        average: { per: 'element', initialValue: 0 },
        last: { per: 'row', initialValue: untouched },
      },
      storage,
    );
  }

  /** Number of `beforeStep` calls that have ended. */
  get step(): number {
    return this.#states.step;
  }

  /**
   * To be called before each step of the optimiser, with the rows that it will change. A table's average begins with the
   * first call that names it. Indices that are a tensor are read back from the device.
   *
   * The optimiser's step need not wait for the end of this: calls that share a table follow one another.
   *
   * @param touched int32 indices `[K]` by the tables' names, in any order and number; they stay the caller's.
   * @throws ShapeError or DTypeError when indices or a table do not fit. @throws RangeError when a name is no table's or
   * an index not a row's. Nothing has changed then, nor when a store fails.
   */
  async beforeStep(touched: Readonly<Record<string, tf.Tensor | Int32Array>>): Promise<void> {
    checkObject('touched', touched, 'of row indices by names');
    const checked = Object.entries(touched).map(([name, indices]) => {
      checkIndices(`of "${name}"`, indices);
      return { table: this.#states.table(name, 'touched rows'), indices };
    });
    await this.#states.change(checked, () => ({ update: (rows) => this.#caughtUp(rows) }));
  }

  /**
   * Exchanges the tables' values with their averages, as an evaluation after a step needs, at the cost of whole tables; a
   * second call puts the weights back. There must be no training in between.
   *
   * @throws RangeError when an average has no table of its name and shape. Nothing has changed then, nor when a store
   * fails.
   */
  async swap(): Promise<void> {
    await this.#states.changeAll({
      update: (rows) => {
        const { average, last } = this.#caughtUp(rows);
        return { weights: average, average: rows.weights, last };
      },
    });
  }

  /**
   * The averages by names, as a checkpoint takes them: `iter`, the number of steps, and for each table `<name>/average`
   * `[N, D]`, `<name>/last` `[N, 1]`, and the number of its steps as `<name>/step`. Counts are int32 scalars. What lies in
   * a `stateStore` is not among them.
   *
   * @returns the average's own tensors: they live until its next step, and the caller must not dispose them.
   */
  state(): Record<string, tf.Tensor> {
    return this.#states.state();
  }

  /**
   * Puts what `state` gave in place of its own. Variables need not exist yet: the first one of a name and shape gets the
   * average under this name.
   *
   * @param state copied, so that it stays the caller's.
   * @throws ShapeError naming every tensor that is missing, not expected, or does not fit its table or the others of its
   * name. Nothing has changed then.
   */
  restore(state: NamedState): Promise<void> {
    return this.#states.restore(state);
  }

  /** Frees the averages in memory; a later step begins anew. */
  dispose(): void {
    this.#states.dispose();
  }

  /** Averages up to this step of rows whose weights have not changed since `last`. */
  #caughtUp({
    weights,
    average,
    last,
  }: Rows<'weights' | 'average' | 'last'>): Rows<'average' | 'last'> {
    // decay^k, where WGSL's pow loses digits; exp(-1e4) is 0.
    const rate = Math.max(Math.log(this.#decay), -1e4);
    const steps = tf.sub(this.step, last);
    const share = tf.exp(tf.mul(steps, rate));
    const mixed = tf.add(tf.mul(average, share), tf.mul(weights, tf.sub(1, share)));
    // To the bit, also of what is not finite.
    const begun = tf.where(tf.greater(steps, 0), mixed, average);
    return {
      average: tf.where(tf.less(last, 0), weights, begun),
      last: tf.fill(last.shape, this.step),
    };
  }
}
