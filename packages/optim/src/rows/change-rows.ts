import { checkTensor } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { type RowStore, replace, variableOf } from './row-store.ts';

/** Rows of several stores by the stores' names: float32 `[K, D]` each. */
export type Rows<K extends string> = Readonly<Record<K, tf.Tensor>>;

/** A change of the same rows in several stores. */
export interface RowChange<K extends string> {
  /** Name of the table, for messages. */
  readonly name: string;
  readonly stores: Readonly<Record<K, RowStore>>;
  /** Numbers of the rows, at least one and none twice. */
  readonly indices: Int32Array;
  /** Called in a `tf.tidy`; it may not write into the rows. @returns what is to be written; a store that is left out stays as it is. */
  readonly update: (rows: Rows<K>) => Partial<Rows<K>>;
  /**
   * The same for tables that are variables, where an update takes them whole: called instead, in a `tf.tidy`.
   *
   * @param at which rows change, int32 `[U]`. @returns the next tables; it may have written into the old ones.
   */
  readonly updateWhole?: (tables: Rows<K>, at: tf.Tensor1D) => Rows<K>;
}

/**
 * Reads all rows, computes the new ones, then writes them. Where a store fails to write, the rows of all of them are put
 * back, so that nothing has changed. Variables come last, since they do not fail.
 *
 * @throws what a store or an update throws; AggregateError where a store does not take its old rows back either.
 */
export async function changeRows<K extends string>(
  changes: readonly RowChange<K>[],
): Promise<void> {
  const whole: (() => void)[] = [];
  const others = changes.filter(({ stores, indices, updateWhole }) => {
    const tables = Object.entries<RowStore>(stores).flatMap(([key, store]) => {
      const variable = variableOf(store);
      return variable === undefined ? [] : [[key, variable] as const];
    });
    if (updateWhole === undefined || tables.length < Object.keys(stores).length) return true;
    whole.push(() => {
      const next = tf.tidy(() =>
        updateWhole(
          Object.fromEntries<tf.Tensor>(tables) as Rows<K>,
          tf.tensor1d(indices, 'int32'),
        ),
      );
      for (const [key, variable] of tables) replace(variable, next[key as K]);
    });
    return false;
  });
  await changeStores(others, () => {
    for (const change of whole) change();
  });
}

/** @param then what else is to happen: where it fails, nothing has changed either. */
async function changeStores<K extends string>(
  changes: readonly RowChange<K>[],
  then: () => void,
): Promise<void> {
  const tensors: tf.Tensor[] = [];
  const owned = <T extends tf.Tensor>(tensor: T): T => {
    tensors.push(tensor);
    return tensor;
  };
  try {
    const reading = changes.map(async ({ name, stores, indices, update }) => {
      const at = owned(tf.tensor1d(indices, 'int32'));
      const keys = Object.keys(stores) as K[];
      const old = keys.map(async (key) => {
        const rows = owned(await stores[key].gather(at));
        checkTensor(`the ${key} rows of "${name}"`, rows, [at.size, stores[key].shape[1]]);
        return { key, store: stores[key], at, rows };
      });
      return { update, old: await allEnded(old) };
    });
    const reads = await allEnded(reading);
    const writes: Write[] = [];
    tf.tidy(() => {
      for (const { update, old } of reads) {
        const next = update(Object.fromEntries(old.map(({ key, rows }) => [key, rows])) as Rows<K>);
        for (const { key, ...write } of old) {
          const rows = next[key];
          if (rows !== undefined) writes.push({ ...write, next: tf.keep(owned(rows)) });
        }
      }
    });
    const set = async ({ store, at }: Write, rows: tf.Tensor) => store.set(at, rows as tf.Tensor2D);
    try {
      await allEnded(writes.map((write) => set(write, write.next)));
      then();
    } catch (error) {
      await allEnded(writes.map((write) => set(write, write.rows))).catch((another: unknown) => {
        const message = 'a step failed, and rows could not be put back';
        throw new AggregateError([error, another], message);
      });
      throw error;
    }
  } finally {
    tf.dispose(tensors);
  }
}

/** Rows of a store that are to be replaced. */
interface Write {
  readonly store: RowStore;
  readonly at: tf.Tensor1D;
  readonly rows: tf.Tensor2D;
  readonly next: tf.Tensor;
}

/** Like `Promise.all`, but ends when all have ended, also where one fails. */
export async function allEnded<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
