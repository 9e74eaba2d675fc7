import { checkOptions } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkBetas, checkNotNegative } from '../checks.ts';
import {
  RowOptimizer,
  type RowOptimizerSettings,
  type RowRule,
  type RowRuleSettings,
  rowOptimizerSettings,
} from './row-optimizer.ts';

/** What `LazyAdam` takes; the defaults are PyTorch's. */
export interface LazyAdamOptions extends RowOptimizerSettings {
  /** Decay of the mean of the gradients, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the mean of the squared gradients, in [0, 1). */
  readonly beta2?: number;
  readonly epsilon?: number;
  /**
   * Lets a row's moments decay for the steps in which it had no gradient, before they are used again. The weights
   * are left where they were in those steps.
   */
  readonly catchUp?: boolean;
}

/**
 * Adam on the touched rows, with the numbers of PyTorch's `torch.optim.SparseAdam`: only their moments move, and
 * the bias correction goes by the updates of the whole table. `last` is the update in which a row was last touched, exact
 * for 2^24 of them.
 *
 * @throws RangeError for an option outside of its range, TypeError for an unknown one.
 */
export class LazyAdam extends RowOptimizer<'m' | 'v' | 'last'> {
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  readonly #catchUp: boolean;

  constructor(options: LazyAdamOptions) {
    const own = ['beta1', 'beta2', 'epsilon', 'catchUp'] as const;
    checkOptions('LazyAdam', options, [...rowOptimizerSettings, ...own]);
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, catchUp = false, ...settings } = options;
    const moment = { per: 'element', initialValue: 0 } as const;
    super({ m: moment, v: moment, last: { per: 'row', initialValue: 0 } }, settings);
    checkBetas({ beta1, beta2 });
    checkNotNegative({ epsilon });
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
    this.#catchUp = catchUp;
  }

  /** @hidden */
  protected override rule({ step, learningRate }: RowRuleSettings): RowRule<'m' | 'v' | 'last'> {
    const correction = Math.sqrt(1 - this.#beta2 ** step) / (1 - this.#beta1 ** step);
    const rate = tf.scalar(learningRate * correction);
    const epsilon = tf.scalar(this.#epsilon);
    const newShare1 = tf.scalar(1 - this.#beta1);
    const newShare2 = tf.scalar(1 - this.#beta2);
    return (weights, gradient, slots) => {
      const decay = (beta: number): tf.Tensor => {
        if (!this.#catchUp) return tf.scalar(beta);
        return tf.pow(tf.scalar(beta), tf.sub(step, slots.last));
      };
      const m = tf.add(tf.mul(slots.m, decay(this.#beta1)), tf.mul(gradient, newShare1));
      const v = tf.add(tf.mul(slots.v, decay(this.#beta2)), tf.mul(tf.square(gradient), newShare2));
      const change = tf.div(tf.mul(m, rate), tf.add(tf.sqrt(v), epsilon));
      const last = tf.fill(slots.last.shape, step);
      return { weights: tf.sub(weights, change), slots: { m, v, last } };
    };
  }
}
