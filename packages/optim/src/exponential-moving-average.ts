import { checkTensorOf, checkVariable, described } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkBetas } from './checks.ts';
import { type NamedState, OptimizerState, type Slot, variableNamed } from './optimizer-state.ts';

/**
 * Exponential moving average of weights, with the numbers of PyTorch's `torch.optim.swa_utils.AveragedModel`
 * with `get_ema_multi_avg_fn(decay)`: a variable's first update copies it, each later one takes
 * `decay average + (1 - decay) weight`. A variable is known by its object. Nothing is read back.
 */
export class ExponentialMovingAverage {
  readonly #decay: number;
  readonly #state: OptimizerState<'average'> = new OptimizerState({ average: 'element' });

  /** @throws RangeError when `decay` is not in [0, 1). */
  constructor(decay: number) {
    checkBetas({ decay });
    this.#decay = decay;
  }

  /** Number of `update` calls so far. */
  get step(): number {
    return this.#state.step;
  }

  /**
   * Takes in the weights as they are now, after an optimiser's step.
   *
   * @param variables float32; those that are left out keep their averages.
   * @throws TypeError | DTypeError naming what is no variable, or one that is not float32. Nothing has changed then.
   */
  update(variables: Iterable<tf.Variable>): void {
    if (typeof variables?.[Symbol.iterator] !== 'function') {
      throw new TypeError(`variables was ${described(variables)}; it must be a list of variables`);
    }
    const weights = [...variables];
    for (const [at, weight] of weights.entries()) {
      checkVariable(`variables[${at}]`, weight);
      checkTensorOf(`variable "${weight.name}"`, weight, ['float32']);
    }
    tf.tidy(() => {
      const [decay, newShare] = [tf.scalar(this.#decay), tf.scalar(1 - this.#decay)];
      for (const object of weights) {
        const parameter = { name: object.name, object, shape: object.shape };
        const slot = this.#state.slot(parameter);
        if (slot === undefined) {
          this.#state.begin(parameter, () => tf.clone(object)).step++;
        } else {
          const { average } = slot.tensors;
          average.assign(tf.add(tf.mul(average, decay), tf.mul(object, newShare)));
          slot.step++;
        }
      }
    });
    this.#state.advance();
  }

  /**
   * Exchanges the variables' values with their averages, as an evaluation needs; a second call puts the weights
   * back. There must be no training and no `update` in between.
   *
   * @throws RangeError when a restored average has no variable of its name and shape. Nothing has changed then.
   */
  swap(): void {
    for (const { name, tensors } of this.#state.waiting) {
      const variable = variableNamed(name);
      if (variable === undefined || this.#state.slot(variable) === undefined) {
        throw new RangeError(
          `the average of "${name}" has no variable of that name and the shape [${tensors.average.shape}]`,
        );
      }
    }
    tf.tidy(() => {
      for (const [object, slot] of this.#state.entries) exchange(object as tf.Variable, slot);
    });
  }

  /**
   * The averages by names, as a checkpoint takes them: `iter`, the number of updates, and for each variable
   * `<name>/average` and the number of its updates as `<name>/step`. Counts are int32 scalars.
   *
   * @returns the average's own tensors: they live until its next update, and the caller must not dispose them.
   */
  state(): Record<string, tf.Tensor> {
    return this.#state.named();
  }

  /**
   * Puts what `state` gave in place of its own. Variables need not exist yet: the first one of a name and shape gets the
   * average under this name.
   *
   * @param state copied, so that it stays the caller's.
   * @throws ShapeError naming every tensor that is missing, not expected, or does not fit its variable. Nothing has
   * changed then.
   */
  async restore(state: NamedState): Promise<void> {
    await this.#state.restore(state, variableNamed);
  }

  /** Frees the averages; a later update begins anew. */
  dispose(): void {
    this.#state.dispose();
  }
}

function exchange(variable: tf.Variable, { tensors: { average } }: Slot<'average'>): void {
  const weights = tf.clone(variable);
  variable.assign(average);
  average.assign(weights);
}
