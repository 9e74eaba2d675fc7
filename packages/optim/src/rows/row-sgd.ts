import { checkOptions } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import {
  RowOptimizer,
  type RowOptimizerSettings,
  type RowRule,
  type RowRuleSettings,
  rowOptimizerSettings,
} from './row-optimizer.ts';

/** Stochastic gradient descent on the touched rows, without momentum and without state. */
export class RowSGD extends RowOptimizer<never> {
  /** @throws RangeError for a setting that is negative or not finite, TypeError for an unknown one. */
  constructor(settings: RowOptimizerSettings) {
    checkOptions('RowSGD', settings, rowOptimizerSettings);
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
