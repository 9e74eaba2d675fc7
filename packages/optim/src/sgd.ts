import * as tf from '@tensorflow/tfjs-core';
import { checkBetas } from './checks.ts';
import { type Rule, type RuleSettings, SlotOptimizer } from './slot-optimizer.ts';
import type { OptimizerSettings, Slot } from './slots.ts';

/** What `SGD` takes; the defaults are PyTorch's. */
export interface SGDOptions extends OptimizerSettings {
  /** Decay of the running sum of the gradients, in [0, 1); 0, which keeps no state, if not given. */
  readonly momentum?: number;
  /** Looks one step of momentum ahead. */
  readonly nesterov?: boolean;
  /** 0 if not given; see `decoupled`. */
  readonly weightDecay?: number;
  /**
   * Decays weights beside the step, as AdamW does (SGDW). If not given, `weightDecay` times the weight is added
   * to the gradient instead, which momentum then carries on: L2 regularisation.
   */
  readonly decoupled?: boolean;
}

/** State of one variable: the running sum of its gradients; empty without momentum. */
export type SGDSlot = Slot<'momentum'>;

/**
 * Stochastic gradient descent with the numbers of PyTorch's `torch.optim.SGD`: the running sum is
 * `u = momentum u + g`, and the step `learningRate` times `u`, or times `g + momentum u` with `nesterov`.
 *
 * @throws RangeError for an option outside of its range, or `nesterov` without momentum.
 */
export class SGD extends SlotOptimizer<'momentum'> {
  static readonly className: string = 'NeverendSGD';

  readonly #momentum: number;
  readonly #nesterov: boolean;
  readonly #decoupled: boolean;

  constructor({
    learningRate,
    momentum = 0,
    nesterov = false,
    weightDecay = 0,
    decoupled = false,
    groups = [],
  }: SGDOptions) {
    super(momentum === 0 ? [] : ['momentum'], { learningRate, weightDecay, groups });
    checkBetas({ momentum });
    if (nesterov && momentum === 0) {
      throw new RangeError('nesterov was true with momentum 0; it needs momentum above 0');
    }
    this.#momentum = momentum;
    this.#nesterov = nesterov;
    this.#decoupled = decoupled;
  }

  /** @hidden */
  protected override rule({ learningRate, weightDecay }: RuleSettings): Rule<'momentum'> {
    const rate = tf.scalar(learningRate);
    const momentum = tf.scalar(this.#momentum);
    const decay = tf.scalar(weightDecay);
    const keptWeight = tf.scalar(1 - learningRate * weightDecay);
    return (weight, gradient, slots) => {
      const decayed = weightDecay !== 0;
      const g = decayed && !this.#decoupled ? tf.add(gradient, tf.mul(weight, decay)) : gradient;
      const kept = decayed && this.#decoupled ? tf.mul(weight, keptWeight) : weight;
      if (this.#momentum === 0) return { weight: tf.sub(kept, tf.mul(g, rate)), slots };
      const sum = tf.add(tf.mul(slots.momentum, momentum), g);
      const direction = this.#nesterov ? tf.add(g, tf.mul(sum, momentum)) : sum;
      return { weight: tf.sub(kept, tf.mul(direction, rate)), slots: { momentum: sum } };
    };
  }

  /** @hidden */
  protected override ownConfig(): tf.serialization.ConfigDict {
    return { momentum: this.#momentum, nesterov: this.#nesterov, decoupled: this.#decoupled };
  }
}
