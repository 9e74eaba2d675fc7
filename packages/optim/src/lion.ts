import type * as tf from '@tensorflow/tfjs-core';
import { checkBetas } from './checks.ts';
import { type Rule, type RuleSettings, SlotOptimizer } from './slot-optimizer.ts';
import type { OptimizerSettings, Slot } from './slots.ts';
import { type LionAttrs, lionStep } from './steps/lion.ts';

/** What `Lion` takes; the defaults are the paper's, without weight decay. */
export interface LionOptions extends OptimizerSettings {
  /** Share of the running mean in the direction of a step, in [0, 1); 0.9 if not given. */
  readonly beta1?: number;
  /** Decay of the running mean of the gradients, in [0, 1); 0.99 if not given. */
  readonly beta2?: number;
}

/** State of one variable: the running mean of its gradients. */
export type LionSlot = Slot<'m'>;

/**
 * Lion (Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, algorithm 2): steps of
 * `learningRate` by the sign of `beta1 m + (1 - beta1) g`, with decoupled weight decay. Its learning rate is
 * usually 3 to 10 times smaller than AdamW's, its weight decay as much larger.
 *
 * @throws RangeError for an option outside of its range.
 */
export class Lion extends SlotOptimizer<'m'> {
  static readonly className: string = 'NeverendLion';

  readonly #beta1: number;
  readonly #beta2: number;

  constructor({
    learningRate,
    beta1 = 0.9,
    beta2 = 0.99,
    weightDecay = 0,
    groups = [],
  }: LionOptions) {
    super(['m'], { learningRate, weightDecay, groups });
    checkBetas({ beta1, beta2 });
    this.#beta1 = beta1;
    this.#beta2 = beta2;
  }

  /** @hidden */
  protected override rule({ learningRate, weightDecay }: RuleSettings): Rule<'m'> {
    const attrs: LionAttrs = {
      keep: 1 - learningRate * weightDecay,
      rate: learningRate,
      beta1: this.#beta1,
      beta2: this.#beta2,
      share1: 1 - this.#beta1,
      share2: 1 - this.#beta2,
    };
    return (weight, gradient, slots) => {
      const [next, m] = lionStep.run({ weight, gradient, ...slots }, attrs) as [
        tf.Tensor,
        tf.Tensor,
      ];
      return { weight: next, slots: { m } };
    };
  }

  /** @hidden */
  protected override ownConfig(): tf.serialization.ConfigDict {
    return { beta1: this.#beta1, beta2: this.#beta2 };
  }
}
