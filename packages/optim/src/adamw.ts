import * as tf from '@tensorflow/tfjs-core';
import { checkBetas, checkNotNegative } from './checks.ts';
import { type Rule, type RuleSettings, SlotOptimizer } from './slot-optimizer.ts';
import type { OptimizerSettings, Slot } from './slots.ts';

/** What `AdamW` takes; the defaults are PyTorch's, weight decay 0.01 among them. */
export interface AdamWOptions extends OptimizerSettings {
  /** Decay of the mean of the gradients, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the mean of the squared gradients, in [0, 1). */
  readonly beta2?: number;
  readonly epsilon?: number;
}

/** State of one variable: the running means of its gradients, `m`, and of their squares, `v`, without bias correction. */
export type AdamWSlot = Slot<'m' | 'v'>;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization",
 * ICLR 2019, algorithm 2), with the numbers of PyTorch's `torch.optim.AdamW`.
 *
 * @throws RangeError for an option outside of its range.
 */
export class AdamW extends SlotOptimizer<'m' | 'v'> {
  static readonly className: string = 'NeverendAdamW';

  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;

  constructor({
    learningRate,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0.01,
    groups = [],
  }: AdamWOptions) {
    super(['m', 'v'], { learningRate, weightDecay, groups });
    checkBetas({ beta1, beta2 });
    checkNotNegative({ epsilon });
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
  }

  /** @hidden */
  protected override rule({ step, learningRate, weightDecay }: RuleSettings): Rule<'m' | 'v'> {
    const keep = 1 - learningRate * weightDecay;
    // m^ / (sqrt(v^) + epsilon) with both bias corrections moved into the scalars: three kernels fewer.
    const root = Math.sqrt(1 - this.#beta2 ** step);
    const epsilon = tf.scalar(this.#epsilon * root);
    const rate = tf.scalar((learningRate * root) / (1 - this.#beta1 ** step));
    const keptWeight = tf.scalar(keep);
    const beta1 = tf.scalar(this.#beta1);
    const beta2 = tf.scalar(this.#beta2);
    const newShare1 = tf.scalar(1 - this.#beta1);
    const newShare2 = tf.scalar(1 - this.#beta2);
    return (weight, gradient, slots) => {
      const m = tf.add(tf.mul(slots.m, beta1), tf.mul(gradient, newShare1));
      const v = tf.add(tf.mul(slots.v, beta2), tf.mul(tf.square(gradient), newShare2));
      const change = tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), epsilon));
      const kept = keep === 1 ? weight : tf.mul(weight, keptWeight);
      return { weight: tf.sub(kept, change), slots: { m, v } };
    };
  }

  /** @hidden */
  protected override ownConfig(): tf.serialization.ConfigDict {
    return { beta1: this.#beta1, beta2: this.#beta2, epsilon: this.#epsilon };
  }
}
