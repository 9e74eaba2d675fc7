import { ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import type { AdamWOptions, AdamWSlot, NamedTensor, ParameterGroup } from './adamw-options.ts';
import { checkFloat, checkNotNegative, checkStep } from './checks.ts';

interface Slot extends Required<AdamWSlot> {
  readonly group: ParameterGroup;
}

interface Update {
  readonly name: string;
  readonly gradient: tf.Tensor;
  readonly variable: tf.Variable;
  readonly slot: Slot;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization",
 * ICLR 2019, algorithm 2), with the numbers of PyTorch's `torch.optim.AdamW`.
 *
 * State belongs to variables by name and begins at zero with a variable's first gradient. Nothing is read
 * back from the device, and every update puts new tensors in place of the old ones.
 *
 * @throws RangeError for an option outside of its range.
 */
export class AdamW extends tf.Optimizer {
  static readonly className: string = 'NeverendAdamW';

  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  readonly #weightDecay: number;
  readonly #groups: readonly ParameterGroup[];
  readonly #slots: Map<string, Slot> = new Map();
  #learningRate = 0;

  constructor({
    learningRate,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0.01,
    groups = [],
  }: AdamWOptions) {
    super();
    for (const [name, beta] of Object.entries({ beta1, beta2 })) {
      if (!(beta >= 0 && beta < 1)) {
        throw new RangeError(`${name} was ${beta}; it must be in [0, 1)`);
      }
    }
    checkNotNegative({ epsilon, weightDecay });
    for (const { learningRateScale = 1, weightDecay: decay = 0 } of groups) {
      checkNotNegative({ learningRateScale, weightDecay: decay });
    }
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
    this.#weightDecay = weightDecay;
    this.#groups = groups;
    this.setLearningRate(learningRate);
    this.iterations_ = 0;
  }

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
  }

  /**
   * Everything that `restore` needs. The tensors are the optimiser's own: they live until its next step,
   * and the caller must not dispose them.
   */
  state(): { step: number; slots: Record<string, Required<AdamWSlot>> } {
    const slots = [...this.#slots].map(([name, { m, v, step }]) => [name, { m, v, step }]);
    return { step: this.step, slots: Object.fromEntries(slots) };
  }

  /**
   * Puts this state in place of the optimiser's own.
   *
   * @param step what `state` gave: an integer >= 0.
   * @param slots by the variables' names; copied, so they stay the caller's. A slot without a step of its
   * own has been updated in every step.
   * @throws RangeError for a step that is not an integer >= 0.
   * @throws ShapeError or DTypeError when `m` and `v` are not float32 tensors of one shape.
   */
  restore(step: number, slots: Readonly<Record<string, AdamWSlot>>): void {
    checkStep('step', step);
    for (const [name, slot] of Object.entries(slots)) {
      checkStep(`the step of slot "${name}"`, slot.step ?? step);
      checkFloat(`m of slot "${name}"`, slot.m);
      checkFloat(`v of slot "${name}"`, slot.v);
      if (!tf.util.arraysEqual(slot.m.shape, slot.v.shape)) {
        throw new ShapeError(
          `m of slot "${name}" has shape [${slot.m.shape}] and v [${slot.v.shape}]; they must be equal`,
        );
      }
    }
    const copies = Object.entries(slots).map(([name, slot]) => {
      const [m, v] = [tf.keep(tf.clone(slot.m)), tf.keep(tf.clone(slot.v))];
      return [name, { m, v, step: slot.step ?? step, group: this.#group(name) }] as const;
    });
    this.#clear();
    for (const [name, slot] of copies) this.#slots.set(name, slot);
    this.iterations_ = step;
  }

  /**
   * The state as a list: `iter` (an int32 scalar), then for each variable `<name>/m`, `<name>/v` and
   * `<name>/step` (an int32 scalar).
   *
   * @returns new tensors; the caller disposes them.
   */
  override async getWeights(): Promise<NamedTensor[]> {
    const slots = [...this.#slots].flatMap(([name, { m, v, step }]) => [
      { name: `${name}/m`, tensor: tf.clone(m) },
      { name: `${name}/v`, tensor: tf.clone(v) },
      { name: `${name}/step`, tensor: tf.scalar(step, 'int32') },
    ]);
    return [await this.saveIterations(), ...slots];
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
    const slots: Record<string, AdamWSlot> = {};
    for (const key of byName.keys()) {
      if (!key.endsWith('/m')) continue;
      const name = key.slice(0, -2);
      const step = await number(`${name}/step`);
      slots[name] = { m: get(key), v: get(`${name}/v`), step };
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
      beta1: this.#beta1,
      beta2: this.#beta2,
      epsilon: this.#epsilon,
      weightDecay: this.#weightDecay,
    };
  }

  /** Frees the state; a later step begins anew from zero. */
  override dispose(): void {
    this.#clear();
    this.iterations_ = 0;
  }

  #slot(name: string, variable: tf.Variable): Slot {
    const slot = this.#slots.get(name);
    if (slot === undefined) {
      const group = this.#group(name);
      return { m: tf.zerosLike(variable), v: tf.zerosLike(variable), step: 0, group };
    }
    if (!tf.util.arraysEqual(slot.m.shape, variable.shape)) {
      throw new ShapeError(
        `the state of "${name}" has shape [${slot.m.shape}]; it must be [${variable.shape}]`,
      );
    }
    return slot;
  }

  /** Updates variables of one group that have been updated equally often: they share all scalars. */
  #update(updates: readonly Update[]): void {
    const [first] = updates;
    if (first === undefined) return;
    const { group } = first.slot;
    const step = first.slot.step + 1;
    const learningRate = this.#learningRate * (group.learningRateScale ?? 1);
    const keep = 1 - learningRate * (group.weightDecay ?? this.#weightDecay);
    // m^ / (sqrt(v^) + epsilon) with both bias corrections moved into the scalars: three kernels fewer.
    const root = Math.sqrt(1 - this.#beta2 ** step);
    const epsilon = tf.scalar(this.#epsilon * root);
    const rate = tf.scalar((learningRate * root) / (1 - this.#beta1 ** step));
    const keptWeight = tf.scalar(keep);
    const beta1 = tf.scalar(this.#beta1);
    const beta2 = tf.scalar(this.#beta2);
    const newShare1 = tf.scalar(1 - this.#beta1);
    const newShare2 = tf.scalar(1 - this.#beta2);
    for (const { name, gradient, variable, slot } of updates) {
      const m = tf.add(tf.mul(slot.m, beta1), tf.mul(gradient, newShare1));
      const v = tf.add(tf.mul(slot.v, beta2), tf.mul(tf.square(gradient), newShare2));
      const change = tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), epsilon));
      variable.assign(tf.sub(keep === 1 ? variable : tf.mul(variable, keptWeight), change));
      tf.dispose([slot.m, slot.v]);
      this.#slots.set(name, { m: tf.keep(m), v: tf.keep(v), step, group });
    }
  }

  #clear(): void {
    for (const { m, v } of this.#slots.values()) tf.dispose([m, v]);
    this.#slots.clear();
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
