import { checkTensor, ShapeError } from '@neverend/backend';
import { gatherRows, setRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkBetas, checkStep } from '../checks.ts';
import { planMerge } from './merge-rows.ts';
import { checkIndices } from './row-gradient.ts';
import { hostIndices, tableNamed } from './table.ts';

/** The average of a table: `average` `[N, D]`, and `last` `[N]`, up to which step each row's counts. Both float32. */
export interface RowAverages {
  readonly average: tf.Tensor;
  readonly last: tf.Tensor;
}

/**
 * Exponential moving average of tables of which a step changes a few rows, at the cost of those rows: the numbers of an
 * `ExponentialMovingAverage` that was updated once before the first step, and after each. A row that no step touches
 * keeps its weights w, so that k steps take its average to decay^k average + (1 - decay^k) w in one go, before a step
 * changes it or when all averages are wanted. Steps count exactly up to 2^24.
 */
export class RowMovingAverage {
  readonly #decay: number;
  readonly #tables: Map<string, RowAverages> = new Map();
  #step = 0;

  /** @throws RangeError when `decay` is not in [0, 1). */
  constructor(decay: number) {
    checkBetas({ decay });
    this.#decay = decay;
  }

  /** Number of `beforeStep` calls so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * To be called before each step of the optimiser, with the rows that it will change. A table's average begins with the
   * first call that names it. Indices that are a tensor are read back from the device.
   *
   * @param touched int32 indices `[K]` by the tables' names, in any order and number; they stay the caller's.
   * @throws ShapeError or DTypeError when indices or a table do not fit. @throws RangeError when a name is not a
   * variable's or an index not a row's. Nothing has changed then.
   */
  async beforeStep(touched: Readonly<Record<string, tf.Tensor | Int32Array>>): Promise<void> {
    const checked = Object.entries(touched).map(([name, indices]) => {
      checkIndices(`of "${name}"`, indices);
      return { name, indices, table: this.#table(name) };
    });
    const updates = await Promise.all(
      checked.map(async ({ name, indices, table }) => {
        const values = await hostIndices(name, indices, table);
        return { name, table, rows: planMerge(values).indices };
      }),
    );
    tf.tidy(() => {
      for (const { name, table, rows } of updates) {
        const { average, last } = this.#tables.get(name) ?? {
          average: tf.clone(table),
          last: tf.fill([table.shape[0] ?? 0], this.#step),
        };
        if (rows.length === 0) {
          this.#keep(name, { average: tf.clone(average), last: tf.clone(last) });
          continue;
        }
        const at = tf.tensor1d(rows, 'int32');
        const row = { average: gatherRows(average, at), last: tf.gather(last, at) };
        const caughtUp = this.#caughtUp(row, gatherRows(table, at));
        this.#keep(name, {
          average: setRows(average, at, caughtUp),
          last: setRows(last, at, tf.fill([rows.length], this.#step)),
        });
      }
    });
    this.#step++;
  }

  /**
   * Exchanges the tables' values with their averages, as an evaluation after a step needs, at the cost of whole tables; a
   * second call puts the weights back. There must be no training in between.
   *
   * @throws RangeError when a table of an average does not exist, ShapeError or DTypeError when it does not fit.
   * Nothing has changed then.
   */
  swap(): void {
    const pairs = [...this.#tables].map(([name, state]) => ({
      name,
      state,
      table: this.#table(name),
    }));
    tf.tidy(() => {
      for (const { name, state, table } of pairs) {
        const average = this.#caughtUp(state, table);
        const weights = tf.clone(table);
        table.assign(average);
        this.#keep(name, { average: weights, last: tf.fill(state.last.shape, this.#step) });
      }
    });
  }

  /**
   * Everything that `restore` needs. The tensors are the average's own: they live until its next step, and the caller
   * must not dispose them.
   */
  state(): { step: number; averages: Record<string, RowAverages> } {
    return { step: this.#step, averages: Object.fromEntries(this.#tables) };
  }

  /**
   * Puts this state in place of its own.
   *
   * @param step what `state` gave. @param averages by the tables' names; copied, so they stay the caller's.
   * @throws RangeError for a step that is not an integer >= 0, ShapeError or DTypeError for a tensor that does not fit.
   */
  restore(step: number, averages: Readonly<Record<string, RowAverages>>): void {
    checkStep('step', step);
    for (const [name, { average, last }] of Object.entries(averages)) {
      checkTensor(`averages["${name}"].average`, average, ['N', 'D']);
      checkTensor(`averages["${name}"].last`, last, [average.shape[0] ?? 0]);
    }
    const copies = Object.entries(averages).map(([name, { average, last }]) => {
      return [
        name,
        { average: tf.keep(tf.clone(average)), last: tf.keep(tf.clone(last)) },
      ] as const;
    });
    this.dispose();
    for (const [name, copy] of copies) this.#tables.set(name, copy);
    this.#step = step;
  }

  /** Frees the averages; a later step begins anew. */
  dispose(): void {
    for (const { average, last } of this.#tables.values()) tf.dispose([average, last]);
    this.#tables.clear();
    this.#step = 0;
  }

  /** Averages up to this step of rows whose weights have not changed since `last`. */
  #caughtUp({ average, last }: RowAverages, weights: tf.Tensor): tf.Tensor {
    // decay^k, where WGSL's pow loses digits; exp(-1e4) is 0.
    const rate = Math.max(Math.log(this.#decay), -1e4);
    const steps = tf.expandDims(tf.sub(this.#step, last), 1);
    const share = tf.exp(tf.mul(steps, rate));
    const mixed = tf.add(tf.mul(average, share), tf.mul(weights, tf.sub(1, share)));
    // To the bit, also of what is not finite.
    return tf.where(tf.greater(steps, 0), mixed, average);
  }

  #keep(name: string, { average, last }: RowAverages): void {
    const kept = { average: tf.keep(average), last: tf.keep(last) };
    const old = this.#tables.get(name);
    if (old !== undefined) tf.dispose([old.average, old.last]);
    this.#tables.set(name, kept);
  }

  #table(name: string): tf.Variable {
    const table = tableNamed(name, 'touched rows');
    const shape = this.#tables.get(name)?.average.shape ?? table.shape;
    if (!tf.util.arraysEqual(shape, table.shape)) {
      throw new ShapeError(
        `the average of "${name}" has shape [${shape}]; it must be [${table.shape}]`,
      );
    }
    return table;
  }
}
