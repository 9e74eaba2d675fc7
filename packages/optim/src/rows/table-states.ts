import { checkRoom, described, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import {
  type NamedState,
  OptimizerState,
  type Slot,
  type SlotShape,
  slotShape,
} from '../optimizer-state.ts';
import { allEnded, changeRows, type RowChange } from './change-rows.ts';
import { inTurn } from './in-turn.ts';
import { type MergePlan, planMerge } from './merge-rows.ts';
import { checkRowIndices } from './row-gradient.ts';
import { type RowStore, variableRows } from './row-store.ts';
import {
  checkTables,
  findParameter,
  findTable,
  type Table,
  type Tables,
  tableNamed,
} from './table.ts';

/** A tensor of a table's state, for which a `stateStore` is to give a place. */
export interface StateTensor {
  /** Its name, `<table>/<key>`, as in `state()`. */
  readonly name: string;
  /** Its shape, `[N, D]`, or `[N, 1]` where a row has one number. */
  readonly shape: readonly [number, number];
  /** What every number begins with. */
  readonly initialValue: number;
}

/** Where tables and their state lie, if not in variables and in memory. */
export interface RowStorageSettings {
  /**
   * Tables by the names that their gradients have: those that are no variables, and variables under other names than
   * their own.
   */
  readonly tables?: Tables;
  /**
   * Gives a place to a tensor of a table's state. It is called once for each, before the table's first step; the rows
   * there hold the initial value, or what an earlier run left. What lies there is not in `state()`. If not given,
   * state is in memory.
   */
  readonly stateStore?: (tensor: StateTensor) => RowStore | Promise<RowStore>;
}

/** The names of the settings of where tables and their state lie. */
export const rowStorageSettings = ['tables', 'stateStore'] as const;

/** A tensor of a table's state: one number an element (`[N, D]`) or a row (`[N, 1]`), and what they begin with. */
export interface StateSpec {
  readonly per: SlotShape;
  readonly initialValue: number;
}

/** Rows of a table that a step touches. */
export interface Touched {
  readonly table: Table;
  readonly indices: tf.Tensor | Int32Array;
}

/** What a step makes of the rows that it touches: of the table itself, `weights`, and of its state. */
export type TableUpdate<K extends string> = Pick<
  RowChange<'weights' | K>,
  'update' | 'updateWhole'
>;

/** Tables and the state that an optimiser holds beside each, and steps of both, one after the other. */
export class TableStates<K extends string> {
  readonly #specs: Readonly<Record<K, StateSpec>>;
  readonly #tables: Tables;
  readonly #stateStore: RowStorageSettings['stateStore'];
  readonly #state: OptimizerState<K>;
  /** Tables that have a state, or will have one when steps that were called have ended. */
  readonly #touched: Set<object> = new Set();
  #stores: WeakMap<object, Readonly<Record<string, RowStore>>> = new WeakMap();

  constructor(
    specs: Readonly<Record<K, StateSpec>>,
    { tables = {}, stateStore }: RowStorageSettings,
  ) {
    checkTables(tables);
    if (stateStore !== undefined && typeof stateStore !== 'function') {
      throw new TypeError(`stateStore was ${described(stateStore)}; it must be a function`);
    }
    this.#specs = specs;
    this.#tables = tables;
    this.#stateStore = stateStore;
    // What lies in stores of the caller's is no tensor of the optimiser's.
    const inMemory = stateStore === undefined ? this.#keys : [];
    this.#state = new OptimizerState(
      Object.fromEntries(inMemory.map((key) => [key, specs[key].per])) as Record<K, SlotShape>,
    );
  }

  /** Number of steps so far. */
  get step(): number {
    return this.#state.step;
  }

  /** @param source what names it, for the message: `gradients`. @throws RangeError when there is no such table. */
  table(name: string, source: string): Table {
    return tableNamed(this.#tables, name, source);
  }

  /**
   * One step, once all earlier ones of this optimiser and of these tables have ended.
   *
   * @param update makes the update of the rows of one table, whose step is the given one.
   * @throws RangeError when an index is not a row's, or two names lead to one table; what a store throws. Nothing has
   * changed then.
   */
  async change<T extends Touched>(
    touched: readonly T[],
    update: (touched: T, plan: MergePlan, step: number) => TableUpdate<K>,
  ): Promise<void> {
    const objects = touched.map(({ table }) => table.object);
    for (const object of objects) this.#touched.add(object);
    const twice = objects.findIndex((object, at) => objects.indexOf(object) < at);
    if (twice >= 0) {
      const first = touched[objects.indexOf(objects[twice] as object)];
      throw new RangeError(
        `"${first?.table.name}" and "${touched[twice]?.table.name}" are one table`,
      );
    }
    await inTurn([this, ...objects], async () => {
      const plans = await Promise.all(touched.map(hostPlan));
      this.#checkRoom(touched.map(({ table }) => table));
      const begun: object[] = [];
      try {
        const updates = touched.map((one, at) => {
          const plan = plans[at] as MergePlan;
          const known = this.#state.slot(one.table);
          if (known === undefined) begun.push(one.table.object);
          return { one, plan, slot: known ?? this.#begin(one.table) };
        });
        const changes = updates
          .filter(({ plan }) => plan.indices.length > 0)
          .map(async ({ one, plan, slot }) => ({
            name: one.table.name,
            stores: await this.#storesOf(one.table, slot),
            indices: plan.indices,
            ...update(one, plan, slot.step + 1),
          }));
        await changeRows(await allEnded(changes));
        for (const { slot } of updates) slot.step++;
      } catch (error) {
        for (const object of begun) this.#state.forget(object);
        throw error;
      }
      this.#state.advance();
    });
  }

  /**
   * Updates all rows of the tables that have a state, some at a time, which counts as no step. Where a store fails, what
   * was updated is updated once more.
   *
   * @param update which a second one undoes.
   * @throws RangeError when a state has no table of its name and shape; what a store throws. Nothing has changed then.
   */
  async changeAll(update: TableUpdate<K>): Promise<void> {
    const restored = this.#state.waiting.map(
      ({ name }) => findParameter(this.#tables, name)?.object,
    );
    const objects = [...this.#touched, ...restored].filter((object) => object !== undefined);
    await inTurn([this, ...objects], async () => {
      const done: RowChange<'weights' | K>[] = [];
      try {
        for (const { table, slot } of this.#known()) {
          const stores = await this.#storesOf(table, slot);
          for (const indices of pieces(table.rows.shape)) {
            const change = { name: table.name, stores, indices, ...update };
            await changeRows([change]);
            done.push(change);
          }
        }
      } catch (error) {
        for (const change of done) await changeRows([change]);
        throw error;
      }
    });
  }

  /** The tensors and counts in memory by their names: the state's own, until the next step. */
  state(): Record<string, tf.Tensor> {
    return this.#state.named();
  }

  /** Puts what `state` gave in place of this one. @throws what `OptimizerState.restore` throws. */
  async restore(state: NamedState): Promise<void> {
    await inTurn([this], () =>
      this.#state.restore(state, (name) => findParameter(this.#tables, name)),
    );
  }

  /** Frees what is in memory; a later step begins anew, and asks for stores again. */
  dispose(): void {
    this.#state.dispose();
    this.#stores = new WeakMap();
  }

  get #keys(): readonly K[] {
    return Object.keys(this.#specs) as K[];
  }

  /** The tables that have a state. @throws RangeError where a restored one has no table. */
  #known(): readonly { readonly table: Table; readonly slot: Slot<K> }[] {
    const { entries, waiting } = this.#state;
    const names = [...entries.map(([, slot]) => slot), ...waiting].map(({ name }) => name);
    return names.map((name) => {
      const table = findTable(this.#tables, name);
      const slot = table === undefined ? undefined : this.#state.slot(table);
      if (table === undefined || slot === undefined) {
        throw new RangeError(`the state of "${name}" has no table of that name and of its shape`);
      }
      return { table, slot };
    });
  }

  /** What state in memory the first step of these tables needs. @throws BackendError where there is no room for it. */
  #checkRoom(tables: readonly Table[]): void {
    if (this.#stateStore !== undefined) return;
    const shapes = tables
      .filter((table) => this.#state.slot(table) === undefined)
      .flatMap((table) =>
        this.#keys.map((key) => [
          `${table.name}/${key}`,
          slotShape(this.#specs[key].per, table.shape),
        ]),
      );
    checkRoom(
      Object.fromEntries(shapes),
      'keep one number a row, with RowAdagrad and `per: "row"`, or none, with RowSGD, or give state another place with `stateStore`',
    );
  }

  #begin(table: Table): Slot<K> {
    return this.#state.begin(table, (key) => {
      const { per, initialValue } = this.#specs[key];
      return tf.fill(slotShape(per, table.shape), initialValue);
    });
  }

  /** The table's rows and those of its state. */
  async #storesOf(table: Table, { tensors }: Slot<K>): Promise<Record<'weights' | K, RowStore>> {
    const open = this.#stateStore;
    const own =
      open === undefined
        ? Object.fromEntries(this.#keys.map((key) => [key, variableRows(tensors[key])]))
        : await this.#opened(table, open);
    return { ...own, weights: table.rows } as Record<'weights' | K, RowStore>;
  }

  async #opened(
    { name, object, shape }: Table,
    open: NonNullable<RowStorageSettings['stateStore']>,
  ): Promise<Readonly<Record<string, RowStore>>> {
    const known = this.#stores.get(object);
    if (known !== undefined) return known;
    const opening = this.#keys.map(async (key) => {
      const { per, initialValue } = this.#specs[key];
      const wanted = slotShape(per, shape) as [number, number];
      const store = await open({ name: `${name}/${key}`, shape: wanted, initialValue });
      if (!tf.util.arraysEqual([...store.shape], wanted)) {
        throw new ShapeError(
          `the store of "${name}/${key}" has shape [${store.shape}]; it must be [${wanted}]`,
        );
      }
      return [key, store] as const;
    });
    const stores = Object.fromEntries(await allEnded(opening));
    this.#stores.set(object, stores);
    return stores;
  }
}

/** The rows that a step touches, each once. @throws RangeError for an index that is no row's. */
async function hostPlan({ table, indices }: Touched): Promise<MergePlan> {
  const values = indices instanceof Int32Array ? indices : await indices.data<'int32'>();
  checkRowIndices(table.name, values, table.rows.shape[0]);
  return planMerge(values);
}

/** All rows of a table, so many at a time that they hold about 16 MB. */
function* pieces([rowCount, width]: RowStore['shape']): Iterable<Int32Array> {
  const most = Math.max(1, Math.floor(2 ** 22 / width));
  for (let start = 0; start < rowCount; start += most) {
    const length = Math.min(most, rowCount - start);
    yield Int32Array.from({ length }, (_, at) => start + at);
  }
}
