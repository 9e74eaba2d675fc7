import { checkOptions } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { checkBetas } from './checks.ts';
import { type OptimizerSettings, optimizerSettings } from './settings.ts';
import { type Rule, type RuleSettings, SlotOptimizer } from './slot-optimizer.ts';
import { lionStep } from './steps/index.ts';

/** What `Lion` takes; the defaults are the paper's, without weight decay. */
export interface LionOptions extends OptimizerSettings {
  /** Share of the running mean in the direction of a step, in [0, 1); 0.9 if not given. */
  readonly beta1?: number;
  /** Decay of the running mean of the gradients, in [0, 1); 0.99 if not given. */
  readonly beta2?: number;
}

/**
 * Lion (Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2): steps of
 * `learningRate` by the sign of `beta1 m + (1 - beta1) g`, with decoupled weight decay. Its learning rate is
 * usually 3 to 10 times smaller than AdamW's, its weight decay as much larger. The state of a variable is the running
 * mean of its gradients, `m`.
 *
 * @throws RangeError for an option outside of its range, TypeError for an unknown one.
 *
 * @throws RangeError for an option outside of its range.
 */
export class Lion extends SlotOptimizer<'m'> {
  static readonly className: string = 'NeverendLion';

  readonly #beta1: number;
  readonly #beta2: number;

  constructor(options: LionOptions) {
    checkOptions('Lion', options, [...optimizerSettings, 'beta1', 'beta2']);
    const { learningRate, beta1 = 0.9, beta2 = 0.99, weightDecay = 0, groups = [] } = options;
    super(['m'], { learningRate, weightDecay, groups });
    checkBetas({ beta1, beta2 });
    this.#beta1 = beta1;
    this.#beta2 = beta2;
  }

  /** @hidden */
  protected override rule({ learningRate, weightDecay }: RuleSettings): Rule<'m'> {
    const attrs = {
      decay: 1 - learningRate * weightDecay,
      stepSize: learningRate,
      beta1: this.#beta1,
      beta2: this.#beta2,
      oneMinusBeta1: 1 - this.#beta1,
      oneMinusBeta2: 1 - this.#beta2,
    };
    return (weight, gradient, slots) => {
      const outputs = lionStep.run({ weight, gradient, ...slots }, attrs);
      const [next, m] = outputs as [tf.Tensor, tf.Tensor];
      return { weight: next, slots: { m } };
    };
  }

  /** @hidden */
  protected override ownConfig(): tf.serialization.ConfigDict {
    return { beta1: this.#beta1, beta2: this.#beta2 };
  }
}
