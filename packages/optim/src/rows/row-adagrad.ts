import { checkOptions } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkNotNegative } from '../checks.ts';
import {
  RowOptimizer,
  type RowOptimizerSettings,
  type RowRule,
  type RowRuleSettings,
  rowOptimizerSettings,
} from './row-optimizer.ts';

/** What `RowAdagrad` takes; the defaults are PyTorch's. */
export interface RowAdagradOptions extends RowOptimizerSettings {
  readonly epsilon?: number;
  /** What the sums of squares begin with. */
  readonly initialSum?: number;
  /**
   * `element` keeps the sum of each element's squared gradients; `row`, row-wise Adagrad, one number a row: the
   * sum of the means of the row's squared gradients.
   */
  readonly per?: 'element' | 'row';
}

/**
 * Adagrad (Duchi, Hazan and Singer, JMLR 2011) on the touched rows: `w -= learningRate g / (sqrt(sum) + epsilon)`,
 * with the numbers of PyTorch's `torch.optim.Adagrad`, and row-wise Adagrad, which needs D times less memory.
 *
 * @throws RangeError for an option that is negative or not finite, TypeError for an unknown one.
 */
export class RowAdagrad extends RowOptimizer<'sum'> {
  readonly #epsilon: number;
  readonly #per: 'element' | 'row';

  constructor(options: RowAdagradOptions) {
    const own = ['epsilon', 'initialSum', 'per'] as const;
    checkOptions('RowAdagrad', options, [...rowOptimizerSettings, ...own]);
    const { epsilon = 1e-10, initialSum = 0, per = 'element', ...settings } = options;
    super({ sum: { per, initialValue: initialSum } }, settings);
    checkNotNegative({ epsilon, initialSum });
    this.#epsilon = epsilon;
    this.#per = per;
  }

  /** @hidden */
  protected override rule({ learningRate }: RowRuleSettings): RowRule<'sum'> {
    const rate = tf.scalar(learningRate);
    const epsilon = tf.scalar(this.#epsilon);
    return (weights, gradient, slots) => {
      const squares = tf.square(gradient);
      const sum = tf.add(slots.sum, this.#per === 'row' ? tf.mean(squares, 1, true) : squares);
      const root = tf.add(tf.sqrt(sum), epsilon);
      return { weights: tf.sub(weights, tf.div(tf.mul(gradient, rate), root)), slots: { sum } };
    };
  }
}
