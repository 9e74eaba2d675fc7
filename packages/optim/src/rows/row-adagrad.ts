import { checkOneOf, checkOptions } from '@neverend/backend';
import { checkNotNegative } from '../checks.ts';
import { rowAdagradStep, rowWiseAdagradStep } from '../row-steps/index.ts';
import type { RowAdagradNumber } from '../row-steps/types.ts';
import type { StepAttrs } from '../steps/types.ts';
import {
  RowOptimizer,
  type RowOptimizerSettings,
  type RowUpdate,
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
export class RowAdagrad extends RowOptimizer<'sum', RowAdagradNumber> {
  readonly #epsilon: number;

  constructor(options: RowAdagradOptions) {
    const own = ['epsilon', 'initialSum', 'per'] as const;
    checkOptions('RowAdagrad', options, [...rowOptimizerSettings, ...own]);
    const { epsilon = 1e-10, initialSum = 0, per = 'element', ...settings } = options;
    checkOneOf('per', per, ['element', 'row']);
    super(per === 'row' ? rowWiseAdagradStep : rowAdagradStep, { sum: initialSum }, settings);
    checkNotNegative({ epsilon, initialSum });
    this.#epsilon = epsilon;
  }

  /** @hidden */
  protected override numbers({ decay, learningRate }: RowUpdate): StepAttrs<RowAdagradNumber> {
    return { decay, stepSize: learningRate, epsilon: this.#epsilon };
  }
}
