import { ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkFloat, checkNotNegative, checkStep } from './checks.ts';
import type { NamedTensor, OptimizerSettings, ParameterGroup, Slot } from './slots.ts';

interface GroupedSlot<K extends string> {
  readonly tensors: Readonly<Record<K, tf.Tensor>>;
  readonly step: number;
  readonly group: ParameterGroup;
}

interface Update<K extends string> {
  readonly name: string;
  readonly gradient: tf.Tensor;
  readonly variable: tf.Variable;
  readonly slot: GroupedSlot<K>;
}

/** What one update makes of a variable. */
interface Updated<K extends string> {
  readonly weight: tf.Tensor;
  readonly slots: Readonly<Record<K, tf.Tensor>>;
}

/** The update of one variable; the tensors that it is given are not its own. */
export type Rule<K extends string> = (
  weight: tf.Tensor,
  gradient: tf.Tensor,
  slots: Readonly<Record<K, tf.Tensor>>,
) => Updated<K>;

/** The numbers that variables which are updated alike share. */
export interface RuleSettings {
  /** Updates of the variable with this one. */
  readonly step: number;
  /** With the group's scale. */
  readonly learningRate: number;
  readonly weightDecay: number;
}

/**
 * An optimiser whose state is some float32 tensors of each variable's shape: what they have in common but for
 * the rule.
 *
 * State belongs to variables by name and begins at zero with a variable's first gradient. Nothing is read
 * back from the device. An update leaves clones as they were, of variables and of their state.
 *
 * @typeParam K names of the tensors.
 */
export abstract class SlotOptimizer<K extends string> extends tf.Optimizer {
  readonly #slotNames: readonly K[];
  readonly #weightDecay: number;
  readonly #groups: readonly ParameterGroup[];
  readonly #slots: Map<string, GroupedSlot<K>> = new Map();
  #learningRate = 0;
  /** What `getWeights` gave last. `model.save` calls it and disposes nothing. */
  #given: tf.Tensor[] = [];

  /** @throws RangeError for a setting outside of its range. */
  constructor(
    slotNames: readonly K[],
    { learningRate, weightDecay, groups }: Required<OptimizerSettings>,
  ) {
    super();
    checkNotNegative({ weightDecay });
    for (const { learningRateScale = 1, weightDecay: decay = 0 } of groups) {
      checkNotNegative({ learningRateScale, weightDecay: decay });
    }
    this.#slotNames = slotNames;
    this.#weightDecay = weightDecay;
    this.#groups = groups;
    this.setLearningRate(learningRate);
    this.iterations_ = 0;
  }

  /** The rule of one update; called in a `tf.tidy`. */
  protected abstract rule(settings: RuleSettings): Rule<K>;

  /** The settings that this optimiser has beyond those of all. */
  protected abstract ownConfig(): tf.serialization.ConfigDict;

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
    return this.iterations;
  }

  /**
   * One update of each variable that has a gradient; the others keep their weights and state.
   *
   * @param gradients float32 gradients of their variables' shapes, by the variables' names; they stay the
   * caller's.
   * @throws ShapeError or DTypeError when a gradient does not fit its variable or the variable's state.
   * @throws RangeError when a name is not a variable's or comes twice. Nothing has changed then.
   */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const named: [string, tf.Tensor | null | undefined][] = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor])
      : Object.entries(gradients);
    const names = new Set<string>();
    tf.tidy(() => {
      const updates = named.flatMap(([name, gradient]) => {
        // minimize() lists a variable that the cost does not depend on without a gradient.
        if (gradient == null) return [];
        if (names.has(name)) throw new RangeError(`gradients name "${name}" twice`);
        names.add(name);
        const variable = variableOf(name, gradient);
        return [{ name, gradient, variable, slot: this.#slot(name, variable) }];
      });
      for (const alike of groupBy(updates, ({ slot }) => slot.group)) {
        for (const bucket of groupBy(alike, ({ slot }) => slot.step)) this.#update(bucket);
      }
    });
    this.incrementIterations();
    this.#dropGiven();
  }

  /**
   * Everything that `restore` needs. The tensors are the optimiser's own: they live until its next step, which may
   * write into them, and the caller must not dispose them.
   */
  state(): { step: number; slots: Record<string, Required<Slot<K>>> } {
    const slots = [...this.#slots].map(([name, { tensors, step }]) => [name, { ...tensors, step }]);
    return { step: this.step, slots: Object.fromEntries(slots) };
  }

  /**
   * Puts this state in place of the optimiser's own.
   *
   * @param step what `state` gave: an integer >= 0.
   * @param slots by the variables' names; copied, so they stay the caller's. A slot without a step of its
   * own has been updated in every step.
   * @throws RangeError for a step that is not an integer >= 0.
   * @throws ShapeError or DTypeError when a slot's tensors are not float32 tensors of one shape.
   */
  restore(step: number, slots: Readonly<Record<string, Slot<K>>>): void {
    checkStep('step', step);
    for (const [name, slot] of Object.entries(slots)) this.#checkSlot(name, slot, step);
    const copies = Object.entries(slots).map(([name, slot]) => {
      const tensors = this.#map((key) => tf.keep(tf.clone(slot[key])));
      return [name, { tensors, step: slot.step ?? step, group: this.#group(name) }] as const;
    });
    this.#clear();
    for (const [name, slot] of copies) this.#slots.set(name, slot);
    this.iterations_ = step;
  }

  /**
   * The state as a list: `iter` (an int32 scalar), then for each variable its tensors as `<name>/<key>` and
   * `<name>/step` (an int32 scalar).
   *
   * @returns tensors that live until the next step or call of this; the caller may dispose them earlier.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    this.#dropGiven();
    const slots = [...this.#slots].flatMap(([name, { tensors, step }]) => [
      ...this.#slotNames.map((key) => ({ name: `${name}/${key}`, tensor: tf.clone(tensors[key]) })),
      { name: `${name}/step`, tensor: tf.scalar(step, 'int32') },
    ]);
    const weights = [await this.saveIterations(), ...slots];
    this.#given = weights.map(({ tensor }) => tensor);
    return weights;
  }

  /**
   * Restores what `getWeights` gave.
   *
   * @param weights in any order; copied, so they stay the caller's.
   * @throws RangeError when a name is missing; what `restore` throws.
   */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    const byName = new Map(weights.map(({ name, tensor }) => [name, tensor]));
    const get = (name: string): tf.Tensor => {
      const tensor = byName.get(name);
      if (tensor === undefined) throw new RangeError(`weights have no tensor named "${name}"`);
      return tensor;
    };
    const number = async (name: string) => (await get(name).data())[0] ?? Number.NaN;
    const keys: readonly string[] = [...this.#slotNames, 'step'];
    const slots: Record<string, Slot<K>> = {};
    for (const full of byName.keys()) {
      const end = full.lastIndexOf('/');
      const name = full.slice(0, end);
      if (end < 0 || Object.hasOwn(slots, name) || !keys.includes(full.slice(end + 1))) continue;
      const step = await number(`${name}/step`);
      slots[name] = { ...this.#map((key) => get(`${name}/${key}`)), step };
    }
    this.restore(await number('iter'), slots);
  }

  /**
   * The constructor's options.
   *
   * @throws TypeError when there are groups: a config is JSON and cannot hold their functions.
   */
  override getConfig(): tf.serialization.ConfigDict {
    if (this.#groups.length > 0) {
      throw new TypeError('groups hold functions and cannot be written to a config');
    }
    return {
      learningRate: this.#learningRate,
      ...this.ownConfig(),
      weightDecay: this.#weightDecay,
    };
  }

  /** Frees the state; a later step begins anew from zero. */
  override dispose(): void {
    this.#clear();
    this.iterations_ = 0;
  }

  #slot(name: string, variable: tf.Variable): GroupedSlot<K> {
    const slot = this.#slots.get(name);
    if (slot === undefined) {
      const tensors = this.#map(() => tf.zerosLike(variable));
      return { tensors, step: 0, group: this.#group(name) };
    }
    for (const key of this.#slotNames) {
      const { shape } = slot.tensors[key];
      if (!tf.util.arraysEqual(shape, variable.shape)) {
        throw new ShapeError(
          `the state of "${name}" has shape [${shape}]; it must be [${variable.shape}]`,
        );
      }
    }
    return slot;
  }

  /** Updates variables of one group that have been updated equally often: they share all scalars. */
  #update(updates: readonly Update<K>[]): void {
    const [first] = updates;
    if (first === undefined) return;
    const { group } = first.slot;
    const step = first.slot.step + 1;
    const rule = this.rule({
      step,
      learningRate: this.#learningRate * (group.learningRateScale ?? 1),
      weightDecay: group.weightDecay ?? this.#weightDecay,
    });
    for (const { name, gradient, variable, slot } of updates) {
      const { weight, slots } = rule(variable, gradient, slot.tensors);
      variable.assign(weight);
      const tensors = this.#map((key) => tf.keep(slots[key]));
      tf.dispose(slot.tensors);
      this.#slots.set(name, { tensors, step, group });
    }
  }

  #checkSlot(name: string, slot: Slot<K>, step: number): void {
    checkStep(`the step of slot "${name}"`, slot.step ?? step);
    const [first, ...others] = this.#slotNames;
    for (const key of this.#slotNames) checkFloat(`${key} of slot "${name}"`, slot[key]);
    for (const key of others) {
      if (first !== undefined && !tf.util.arraysEqual(slot[first].shape, slot[key].shape)) {
        throw new ShapeError(
          `${first} of slot "${name}" has shape [${slot[first].shape}] and ${key} [${slot[key].shape}]; they must be equal`,
        );
      }
    }
  }

  #map(make: (key: K) => tf.Tensor): Record<K, tf.Tensor> {
    return Object.fromEntries(this.#slotNames.map((key) => [key, make(key)])) as Record<
      K,
      tf.Tensor
    >;
  }

  #clear(): void {
    for (const { tensors } of this.#slots.values()) tf.dispose(tensors);
    this.#slots.clear();
    this.#dropGiven();
  }

  #dropGiven(): void {
    tf.dispose(this.#given.splice(0));
  }

  #group(name: string): ParameterGroup {
    return this.#groups.find((group) => group.match(name)) ?? everything;
  }
}

const everything: ParameterGroup = { match: () => true };

function groupBy<T>(items: readonly T[], key: (item: T) => unknown): Iterable<readonly T[]> {
  const groups = new Map<unknown, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups.values();
}

function variableOf(name: string, gradient: tf.Tensor): tf.Variable {
  const variable = tf.engine().registeredVariables[name];
  if (variable === undefined) {
    throw new RangeError(`gradients name "${name}"; no variable of that name exists`);
  }
  checkFloat(`the gradient of "${name}"`, gradient);
  if (!tf.util.arraysEqual(gradient.shape, variable.shape)) {
    throw new ShapeError(
      `the gradient of "${name}" has shape [${gradient.shape}]; it must be [${variable.shape}]`,
    );
  }
  return variable;
}
