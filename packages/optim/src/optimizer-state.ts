import { checkObject, checkTensorOf, isLive, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** Tensors by their names in a state: `iter`, and for each parameter `<name>/<key>` and `<name>/step`. */
export type NamedState = Readonly<Record<string, tf.Tensor>>;

/** What an optimiser holds for one parameter. */
export interface Slot<K extends string> {
  readonly name: string;
  readonly tensors: Readonly<Record<K, tf.Variable>>;
  /** Number of this parameter's updates so far. */
  step: number;
}

/** The shape of a slot's tensor: that of the parameter, or one number for each of its rows (`[N, 1]`). */
export type SlotShape = 'element' | 'row';

export function slotShape(per: SlotShape, parameter: readonly number[]): number[] {
  return per === 'row' ? [parameter[0] ?? 1, 1] : [...parameter];
}

/** A parameter, known by its object: a variable, or where the rows of a table lie. */
export interface Parameter {
  readonly name: string;
  readonly object: object;
  readonly shape: readonly number[];
}

/**
 * The state of an optimiser: of each parameter some float32 tensors and the number of its updates, and the number of
 * steps.
 *
 * A slot belongs to its parameter's object. When a variable is disposed, its slot goes too, so that another variable
 * under the same name begins anew. What is restored before its parameter exists waits for the first one of
 * its name and shape.
 *
 * @typeParam K names of the tensors.
 */
export class OptimizerState<K extends string> {
  readonly #shapes: Readonly<Record<K, SlotShape>>;
  readonly #slots: Map<object, Slot<K>> = new Map();
  readonly #waiting: Map<string, Slot<K>> = new Map();
  readonly #counts: Map<number, tf.Tensor> = new Map();
  #step = 0;

  constructor(shapes: Readonly<Record<K, SlotShape>>) {
    this.#shapes = shapes;
  }

  get keys(): readonly K[] {
    return Object.keys(this.#shapes) as K[];
  }

  /** Number of steps so far. */
  get step(): number {
    return this.#step;
  }

  /** Slots of parameters that do not exist yet. */
  get waiting(): readonly Slot<K>[] {
    return [...this.#waiting.values()];
  }

  /** Slots of parameters, with the objects that they belong to. */
  get entries(): readonly (readonly [object, Slot<K>])[] {
    this.#forgetDisposed();
    return [...this.#slots];
  }

  /** The slot of a parameter, or what was restored for it; undefined before its first update. */
  slot({ name, object, shape }: Parameter): Slot<K> | undefined {
    const own = this.#slots.get(object);
    if (own !== undefined) return own;
    const restored = this.#waiting.get(name);
    if (restored === undefined || !this.#fits(restored, shape)) return undefined;
    this.#waiting.delete(name);
    this.#slots.set(object, restored);
    return restored;
  }

  /** Gives a parameter its first slot, of new tensors, which become the state's own. */
  begin({ name, object }: Parameter, make: (key: K) => tf.Tensor): Slot<K> {
    const slot = { name, tensors: this.map((key) => ownVariable(make(key))), step: 0 };
    this.#slots.set(object, slot);
    return slot;
  }

  /** Takes back what `begin` did. */
  forget(object: object): void {
    tf.dispose(this.#slots.get(object)?.tensors ?? []);
    this.#slots.delete(object);
  }

  /** Counts a step; to be called at the end of one. */
  advance(): void {
    this.#step++;
    this.#forgetDisposed();
    this.#keepCounts();
  }

  map<T>(make: (key: K) => T): Record<K, T> {
    return Object.fromEntries(this.keys.map((key) => [key, make(key)])) as Record<K, T>;
  }

  /** @returns all tensors by their names; they stay the state's own and live until the next step. */
  named(): Record<string, tf.Tensor> {
    this.#forgetDisposed();
    this.#keepCounts();
    const slots = [...this.#waiting.values(), ...this.#slots.values()];
    return Object.fromEntries([
      ['iter', this.#count(this.#step)],
      ...slots.flatMap(({ name, tensors, step }) => [
        ...this.keys.map((key) => [`${name}/${key}`, tensors[key]]),
        [`${name}/step`, this.#count(step)],
      ]),
    ]);
  }

  /**
   * Puts what `named` gave in place of this state. A parameter without a step has been updated in every step.
   *
   * @param state copied, so that it stays the caller's.
   * @param find the parameter of a name, where it exists already.
   * @throws TypeError naming what is no tensor. @throws ShapeError naming every tensor that is missing, not expected or does not fit. Nothing has changed then.
   */
  async restore(
    state: NamedState,
    find: (name: string) => Parameter | undefined = () => undefined,
  ): Promise<void> {
    checkObject('state', state, 'of tensors by names');
    for (const [name, tensor] of Object.entries(state)) {
      if (tensor !== undefined) checkTensorOf(`state["${name}"]`, tensor);
    }
    const problems: string[] = [];
    const names = new Set<string>();
    const keys: readonly string[] = [...this.keys, 'step'];
    for (const full of Object.keys(state)) {
      const end = full.lastIndexOf('/');
      if (end >= 0 && keys.includes(full.slice(end + 1))) names.add(full.slice(0, end));
      else if (full !== 'iter') problems.push(`"${full}" was not expected`);
    }
    const count = async (name: string): Promise<number> => {
      const tensor = state[name];
      if (tensor === undefined) {
        problems.push(`"${name}" was missing`);
        return 0;
      }
      const value = tensor.size === 1 ? ((await tensor.data())[0] ?? Number.NaN) : Number.NaN;
      if (!(Number.isSafeInteger(value) && value >= 0)) {
        const was = tensor.size === 1 ? value : `of shape [${tensor.shape}]`;
        problems.push(`"${name}" was ${was}; it must be one integer >= 0`);
      }
      return value;
    };
    const step = await count('iter');
    const steps = new Map<string, number>();
    for (const name of names) {
      const own = `${name}/step`;
      steps.set(name, Object.hasOwn(state, own) ? await count(own) : step);
      problems.push(...this.#misfits(state, name, find(name)?.shape));
    }
    if (problems.length > 0) throw new ShapeError(`the state does not fit: ${problems.join('; ')}`);
    const slots = [...steps].map(([name, step]) => ({
      name,
      tensors: this.map((key) => ownVariable(tf.clone(state[`${name}/${key}`] as tf.Tensor))),
      step,
    }));
    this.dispose();
    for (const slot of slots) this.#waiting.set(slot.name, slot);
    for (const slot of slots) {
      const parameter = find(slot.name);
      if (parameter !== undefined) this.slot(parameter);
    }
    this.#step = step;
    this.#keepCounts();
  }

  /** Frees the state; a later step begins anew. */
  dispose(): void {
    for (const { tensors } of [...this.#waiting.values(), ...this.#slots.values()]) {
      tf.dispose(tensors);
    }
    tf.dispose([...this.#counts.values()]);
    for (const map of [this.#waiting, this.#slots, this.#counts]) map.clear();
    this.#step = 0;
  }

  /** @param wanted the parameter's shape, where it is known. */
  #misfits(state: NamedState, name: string, wanted: readonly number[] | undefined): string[] {
    const elements = this.keys.filter((key) => this.#shapes[key] === 'element');
    const there = [...elements, ...this.keys].map((key) => state[`${name}/${key}`]?.shape);
    const like = wanted ?? there.find((shape) => shape !== undefined) ?? [];
    return this.keys.flatMap((key) => {
      const full = `"${name}/${key}"`;
      const tensor = state[`${name}/${key}`];
      if (tensor === undefined) return [`${full} was missing`];
      if (tensor.dtype !== 'float32') return [`${full} was ${tensor.dtype}; it must be float32`];
      const shape = slotShape(this.#shapes[key], like);
      const fits = tf.util.arraysEqual(tensor.shape, shape);
      return fits ? [] : [`${full} was [${tensor.shape}]; it must be [${shape}]`];
    });
  }

  #fits({ tensors }: Slot<K>, shape: readonly number[]): boolean {
    return this.keys.every((key) =>
      tf.util.arraysEqual(tensors[key].shape, slotShape(this.#shapes[key], shape)),
    );
  }

  #forgetDisposed(): void {
    for (const object of this.#slots.keys()) if (!isAlive(object)) this.forget(object);
  }

  #count(step: number): tf.Tensor {
    return this.#counts.get(step) as tf.Tensor;
  }

  /**
   * Keeps a tensor for each count that there is, usually one. `model.save` disposes nothing of what `getWeights` gives
   * it, so a tensor that was made only then would be lost.
   */
  #keepCounts(): void {
    const slots = [...this.#waiting.values(), ...this.#slots.values()];
    const wanted = new Set([this.#step, ...slots.map(({ step }) => step)]);
    for (const [step, tensor] of this.#counts) {
      if (wanted.has(step)) continue;
      tensor.dispose();
      this.#counts.delete(step);
    }
    for (const step of wanted) {
      if (!this.#counts.has(step)) this.#counts.set(step, tf.keep(tf.scalar(step, 'int32')));
    }
  }
}

/** The variable of a name as a parameter; undefined where there is none. */
export function variableNamed(
  name: string,
): (Parameter & { readonly object: tf.Variable }) | undefined {
  const variable = tf.engine().registeredVariables[name];
  return variable && { name, object: variable, shape: variable.shape };
}

/** False for a variable that was disposed, also by `tf.disposeVariables`, which does not mark it so. */
export function isAlive(object: object): boolean {
  return !(object instanceof tf.Variable) || isLive(object);
}

/** A variable that outlives any `tf.tidy`, of a tensor that nothing else needs. */
function ownVariable(value: tf.Tensor): tf.Variable {
  const variable = tf.variable(value, false);
  value.dispose();
  return variable;
}
