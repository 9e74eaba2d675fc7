import { checkObject, checkOptions, checkTensorOf, described, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkNotNegative } from './checks.ts';
import { type NamedState, OptimizerState, type Slot, variableNamed } from './optimizer-state.ts';
import type { NamedTensor, OptimizerSettings, ParameterGroup } from './settings.ts';

interface Update<K extends string> {
  readonly gradient: tf.Tensor;
  readonly variable: tf.Variable;
  readonly slot: Slot<K>;
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
  /** Number of the variable's updates, this one among them. */
  readonly step: number;
  /** The learning rate with the group's scale. */
  readonly learningRate: number;
  readonly weightDecay: number;
}

/**
 * An optimiser whose state is some float32 tensors of each variable's shape: what they have in common but for
 * the rule.
 *
 * A variable is known by its object, and its state begins at zero with its first gradient. Nothing is read
 * back from the device. An update leaves clones as they were, of variables and of their state.
 *
 * @typeParam K names of the tensors.
 */
export abstract class SlotOptimizer<K extends string> extends tf.Optimizer {
  readonly #weightDecay: number;
  readonly #groups: readonly ParameterGroup[];
  readonly #groupOf: WeakMap<tf.Variable, ParameterGroup> = new WeakMap();
  readonly #state: OptimizerState<K>;
  #learningRate = 0;

  /** @throws RangeError for a setting outside of its range. @throws TypeError for an unknown one of a group. */
  constructor(
    slotNames: readonly K[],
    { learningRate, weightDecay, groups }: Required<OptimizerSettings>,
  ) {
    super();
    checkNotNegative({ weightDecay });
    if (!Array.isArray(groups)) {
      throw new TypeError(`groups was ${described(groups)}; it must be a list of groups`);
    }
    for (const group of groups) {
      checkOptions('a group', group, ['match', 'learningRateScale', 'weightDecay']);
      if (typeof group.match !== 'function') {
        throw new TypeError(
          `match of a group was ${described(group.match)}; it must be a function of a name`,
        );
      }
      const { learningRateScale = 1, weightDecay: decay = 0 } = group;
      checkNotNegative({ learningRateScale, weightDecay: decay });
    }
    this.#state = new OptimizerState(
      Object.fromEntries(slotNames.map((key) => [key, 'element'])) as Record<K, 'element'>,
    );
    this.#weightDecay = weightDecay;
    this.#groups = groups;
    this.setLearningRate(learningRate);
    this.iterations_ = 0;
  }

  /** @hidden TensorFlow.js adds an option of its own to the config of a model that it loads. */
  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    { customObjects: _, ...options }: tf.serialization.ConfigDict,
  ): T {
    return new cls(options);
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
    return this.#state.step;
  }

  /**
   * One update of each variable that has a gradient; the others keep their weights and state.
   *
   * @param gradients float32 gradients of their variables' shapes, by the variables' names; they stay the
   * caller's.
   * @throws TypeError, ShapeError or DTypeError when a gradient does not fit its variable, or a variable is not float32.
   * @throws RangeError when a name is not a variable's or comes twice. Nothing has changed then.
   */
  override applyGradients(gradients: tf.NamedTensorMap | NamedTensor[]): void {
    const named = Array.isArray(gradients) ? pairs('gradients', gradients) : entries(gradients);
    const names = new Set<string>();
    const checked = named.flatMap(([name, gradient]) => {
      // minimize() lists a variable that the cost does not depend on without a gradient.
      if (gradient == null) return [];
      if (names.has(name)) throw new RangeError(`gradients name "${name}" twice`);
      names.add(name);
      return [{ gradient, parameter: parameterOf(name, gradient) }];
    });
    tf.tidy(() => {
      const updates = checked.map(({ gradient, parameter }) => ({
        gradient,
        variable: parameter.object,
        slot:
          this.#state.slot(parameter) ??
          this.#state.begin(parameter, () => tf.zerosLike(parameter.object)),
      }));
      for (const alike of groupBy(updates, ({ variable }) => this.#group(variable))) {
        for (const bucket of groupBy(alike, ({ slot }) => slot.step)) this.#update(bucket);
      }
    });
    this.#state.advance();
    this.incrementIterations();
  }

  /**
   * The state by names, as a checkpoint takes it: `iter`, the number of steps, and for each variable its tensors as
   * `<name>/<key>` and the number of its updates as `<name>/step`. Counts are int32 scalars.
   *
   * @returns the optimiser's own tensors: they live until its next step, which may write into them, and the caller
   * must not dispose them.
   */
  state(): Record<string, tf.Tensor> {
    return this.#state.named();
  }

  /**
   * Puts what `state` gave in place of the optimiser's own state. Variables need not exist yet: the first one of a name
   * and shape gets what is under this name. A variable without a step of its own has been updated in every step.
   *
   * @param state copied, so that it stays the caller's.
   * @throws ShapeError naming every tensor that is missing, not expected, or does not fit its variable or the others
   * of its name. Nothing has changed then.
   */
  async restore(state: NamedState): Promise<void> {
    await this.#restore(state, variableNamed);
  }

  /** What `state` gives, as a list for `model.save`, which disposes none of it; nor must another caller. */
  override async getWeights(): Promise<NamedTensor[]> {
    return Object.entries(this.state()).map(([name, tensor]) => ({ name, tensor }));
  }

  /**
   * Restores what `getWeights` gave. As TensorFlow.js calls it while it loads a model, when variables of another one may
   * have the same names, those of another shape are passed over.
   *
   * @param weights in any order; copied, so they stay the caller's.
   * @throws what `restore` throws.
   */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    if (!Array.isArray(weights)) {
      throw new TypeError(`weights was ${described(weights)}; it must be a list of named tensors`);
    }
    await this.#restore(Object.fromEntries(pairs('weights', weights)) as NamedState);
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
    this.#state.dispose();
    this.iterations_ = 0;
  }

  async #restore(state: NamedState, find?: typeof variableNamed): Promise<void> {
    await this.#state.restore(state, find);
    this.iterations_ = this.#state.step;
  }

  /** Updates variables of one group that have been updated equally often: they share all scalars. */
  #update(updates: readonly Update<K>[]): void {
    const [first] = updates;
    if (first === undefined) return;
    const group = this.#group(first.variable);
    const step = first.slot.step + 1;
    const rule = this.rule({
      step,
      learningRate: this.#learningRate * (group.learningRateScale ?? 1),
      weightDecay: group.weightDecay ?? this.#weightDecay,
    });
    for (const { gradient, variable, slot } of updates) {
      const { weight, slots } = rule(variable, gradient, slot.tensors);
      variable.assign(weight);
      for (const key of this.#state.keys) slot.tensors[key].assign(slots[key]);
      slot.step = step;
    }
  }

  #group(variable: tf.Variable): ParameterGroup {
    const known = this.#groupOf.get(variable);
    if (known !== undefined) return known;
    const found = this.#groups.find((group) => group.match(variable.name)) ?? everything;
    this.#groupOf.set(variable, found);
    return found;
  }
}

type Pair = [name: string, tensor: tf.Tensor | null | undefined];

const pairs = (owner: string, named: readonly NamedTensor[]): Pair[] =>
  named.map((one, at) => {
    checkObject(`${owner}[${at}]`, one, 'with name and tensor');
    return [one.name, one.tensor];
  });

function entries(gradients: tf.NamedTensorMap): Pair[] {
  checkObject('gradients', gradients, 'of tensors by names');
  return Object.entries(gradients);
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

function parameterOf(
  name: string,
  gradient: tf.Tensor,
): NonNullable<ReturnType<typeof variableNamed>> {
  const parameter = variableNamed(name);
  if (parameter === undefined) {
    throw new RangeError(`gradients name "${name}"; no variable of that name exists`);
  }
  checkTensorOf(`the variable "${name}"`, parameter.object, ['float32']);
  checkTensorOf(`the gradient of "${name}"`, gradient, ['float32']);
  if (!tf.util.arraysEqual(gradient.shape, parameter.object.shape)) {
    throw new ShapeError(
      `the gradient of "${name}" has shape [${gradient.shape}]; it must be [${parameter.object.shape}]`,
    );
  }
  return parameter;
}
