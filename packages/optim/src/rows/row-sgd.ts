import * as tf from '@tensorflow/tfjs-core';
import { RowOptimizer, type RowOptimizerSettings, type RowRuleSettings } from './row-optimizer.ts';
import type { RowRule } from './update-rows.ts';

/** Stochastic gradient descent on the touched rows, without momentum and without state. */
export class RowSGD extends RowOptimizer<never> {
  /** @throws RangeError for a setting that is negative or not finite. */
  constructor(settings: RowOptimizerSettings) {
    super({}, settings);
  }

  /** @hidden */
  protected override rule({ learningRate }: RowRuleSettings): RowRule<never> {
    const rate = tf.scalar(learningRate);
    return (weights, gradient, slots) => ({
      weights: tf.sub(weights, tf.mul(gradient, rate)),
      slots,
    });
  }
}
