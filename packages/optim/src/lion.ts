import * as tf from '@tensorflow/tfjs-core';
import { checkBetas } from './checks.ts';
import { type Rule, type RuleSettings, SlotOptimizer } from './slot-optimizer.ts';
import type { OptimizerSettings, Slot } from './slots.ts';

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
    const keep = 1 - learningRate * weightDecay;
    const keptWeight = tf.scalar(keep);
    const rate = tf.scalar(learningRate);
    const beta1 = tf.scalar(this.#beta1);
    const beta2 = tf.scalar(this.#beta2);
    const newShare1 = tf.scalar(1 - this.#beta1);
    const newShare2 = tf.scalar(1 - this.#beta2);
    return (weight, gradient, slots) => {
      const direction = tf.sign(tf.add(tf.mul(slots.m, beta1), tf.mul(gradient, newShare1)));
      const m = tf.add(tf.mul(slots.m, beta2), tf.mul(gradient, newShare2));
      const kept = keep === 1 ? weight : tf.mul(weight, keptWeight);
      return { weight: tf.sub(kept, tf.mul(direction, rate)), slots: { m } };
    };
  }

  /** @hidden */
  protected override ownConfig(): tf.serialization.ConfigDict {
    return { beta1: this.#beta1, beta2: this.#beta2 };
  }
}
