import { ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkBetas, checkFloat, checkStep } from './checks.ts';

/**
 * Exponential moving average of weights, with the numbers of PyTorch's `torch.optim.swa_utils.AveragedModel`
 * with `get_ema_multi_avg_fn(decay)`: a variable's first update copies it, each later one takes
 * `decay average + (1 - decay) weight`. Averages belong to variables by name. Nothing is read back.
 */
export class ExponentialMovingAverage {
  readonly #decay: number;
  readonly #averages: Map<string, tf.Tensor> = new Map();
  #step = 0;

  /** @throws RangeError when `decay` is not in [0, 1). */
  constructor(decay: number) {
    checkBetas({ decay });
    this.#decay = decay;
  }

  /** Number of `update` calls so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * Takes in the weights as they are now, after an optimiser's step.
   *
   * @param variables float32; those that are left out keep their averages.
   * @throws ShapeError or DTypeError when a variable does not fit its average. Nothing has changed then.
   */
  update(variables: Iterable<tf.Variable>): void {
    const weights = [...variables];
    for (const weight of weights) this.#check(weight.name, weight);
    tf.tidy(() => {
      const [decay, newShare] = [tf.scalar(this.#decay), tf.scalar(1 - this.#decay)];
      for (const weight of weights) {
        const old = this.#averages.get(weight.name);
        const average =
          old === undefined
            ? tf.clone(weight)
            : tf.add(tf.mul(old, decay), tf.mul(weight, newShare));
        this.#averages.set(weight.name, tf.keep(average));
        old?.dispose();
      }
    });
    this.#step++;
  }

  /**
   * Exchanges the variables' values with their averages, as an evaluation needs; a second call puts the weights
   * back. There must be no training and no `update` in between.
   *
   * @throws RangeError when a variable of an average does not exist, ShapeError or DTypeError when it does not
   * fit. Nothing has changed then.
   */
  swap(): void {
    const pairs = [...this.#averages].map(([name, average]) => {
      const variable = tf.engine().registeredVariables[name];
      if (variable === undefined) {
        throw new RangeError(`the average of "${name}" has no variable of that name`);
      }
      this.#check(name, variable);
      return { name, average, variable };
    });
    tf.tidy(() => {
      for (const { name, average, variable } of pairs) {
        this.#averages.set(name, tf.keep(tf.clone(variable)));
        variable.assign(average);
        average.dispose();
      }
    });
  }

  /**
   * Everything that `restore` needs. The tensors are the average's own: they live until its next update, and the
   * caller must not dispose them.
   */
  state(): { step: number; averages: Record<string, tf.Tensor> } {
    return { step: this.#step, averages: Object.fromEntries(this.#averages) };
  }

  /**
   * Puts this state in place of its own.
   *
   * @param step what `state` gave. @param averages by the variables' names; copied, so they stay the caller's.
   * @throws RangeError for a step that is not an integer >= 0, DTypeError for an average that is not float32.
   */
  restore(step: number, averages: Readonly<Record<string, tf.Tensor>>): void {
    checkStep('step', step);
    for (const [name, average] of Object.entries(averages)) {
      checkFloat(`the average of "${name}"`, average);
    }
    const copies = Object.entries(averages).map(
      ([name, average]) => [name, tf.keep(tf.clone(average))] as const,
    );
    this.dispose();
    for (const [name, copy] of copies) this.#averages.set(name, copy);
    this.#step = step;
  }

  /** Frees the averages; a later update begins anew. */
  dispose(): void {
    tf.dispose([...this.#averages.values()]);
    this.#averages.clear();
    this.#step = 0;
  }

  #check(name: string, variable: tf.Tensor): void {
    checkFloat(`variable "${name}"`, variable);
    const shape = this.#averages.get(name)?.shape ?? variable.shape;
    if (!tf.util.arraysEqual(shape, variable.shape)) {
      throw new ShapeError(
        `the average of "${name}" has shape [${shape}]; it must be [${variable.shape}]`,
      );
    }
  }
}
