import { checkFlag, checkOptions } from '@neverend/backend';
import { checkBetas, checkNotNegative } from '../checks.ts';
import { lazyAdamStep } from '../row-steps/index.ts';
import type { LazyAdamNumber } from '../row-steps/types.ts';
import type { StepAttrs } from '../steps/types.ts';
import {
  RowOptimizer,
  type RowOptimizerSettings,
  type RowUpdate,
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
export class LazyAdam extends RowOptimizer<'m' | 'v' | 'last', LazyAdamNumber> {
  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;
  readonly #catchUp: boolean;

  constructor(options: LazyAdamOptions) {
    const own = ['beta1', 'beta2', 'epsilon', 'catchUp'] as const;
    checkOptions('LazyAdam', options, [...rowOptimizerSettings, ...own]);
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, catchUp = false, ...settings } = options;
    super(lazyAdamStep, { m: 0, v: 0, last: 0 }, settings);
    checkBetas({ beta1, beta2 });
    checkNotNegative({ epsilon });
    checkFlag('catchUp', catchUp);
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
    this.#catchUp = catchUp;
  }

  /** @hidden */
  protected override numbers({ step, learningRate, decay }: RowUpdate): StepAttrs<LazyAdamNumber> {
    const [beta1, beta2] = [this.#beta1, this.#beta2];
    const correction = Math.sqrt(1 - beta2 ** step) / (1 - beta1 ** step);
    return {
      ...{ decay, stepSize: learningRate * correction, epsilon: this.#epsilon },
      ...{ beta1, beta2, oneMinusBeta1: 1 - beta1, oneMinusBeta2: 1 - beta2 },
      ...{ step, catchUp: this.#catchUp ? 1 : 0 },
    };
  }
}
