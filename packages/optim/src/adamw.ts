import { checkOptions } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { checkBetas, checkNotNegative } from './checks.ts';
import { type OptimizerSettings, optimizerSettings } from './settings.ts';
import { type Rule, type RuleSettings, SlotOptimizer } from './slot-optimizer.ts';
import { adamWStep } from './steps/index.ts';

/** What `AdamW` takes; the defaults are PyTorch's, weight decay 0.01 among them. */
export interface AdamWOptions extends OptimizerSettings {
  /** Decay of the mean of the gradients, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the mean of the squared gradients, in [0, 1). */
  readonly beta2?: number;
  readonly epsilon?: number;
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization",
 * ICLR 2019, algorithm 2), with the numbers of PyTorch's `torch.optim.AdamW`. The state
 * of a variable is the running mean of its gradients, `m`, and of their squares, `v`, without bias correction.
 *
 * @throws RangeError for an option outside of its range, TypeError for an unknown one.
 */
export class AdamW extends SlotOptimizer<'m' | 'v'> {
  static readonly className: string = 'NeverendAdamW';

  readonly #beta1: number;
  readonly #beta2: number;
  readonly #epsilon: number;

  constructor(options: AdamWOptions) {
    checkOptions('AdamW', options, [...optimizerSettings, 'beta1', 'beta2', 'epsilon']);
    const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
    const { weightDecay = 0.01, groups = [] } = options;
    super(['m', 'v'], { learningRate, weightDecay, groups });
    checkBetas({ beta1, beta2 });
    checkNotNegative({ epsilon });
    this.#beta1 = beta1;
    this.#beta2 = beta2;
    this.#epsilon = epsilon;
  }

  /** @hidden */
  protected override rule({ step, learningRate, weightDecay }: RuleSettings): Rule<'m' | 'v'> {
    // m^ / (sqrt(v^) + epsilon) with both bias corrections moved into the numbers.
    const root = Math.sqrt(1 - this.#beta2 ** step);
    const attrs = {
      decay: 1 - learningRate * weightDecay,
      stepSize: (learningRate * root) / (1 - this.#beta1 ** step),
      epsilon: this.#epsilon * root,
      beta1: this.#beta1,
      beta2: this.#beta2,
      oneMinusBeta1: 1 - this.#beta1,
      oneMinusBeta2: 1 - this.#beta2,
    };
    return (weight, gradient, slots) => {
      const outputs = adamWStep.run({ weight, gradient, ...slots }, attrs);
      const [next, m, v] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor];
      return { weight: next, slots: { m, v } };
    };
  }

  /** @hidden */
  protected override ownConfig(): tf.serialization.ConfigDict {
    return { beta1: this.#beta1, beta2: this.#beta2, epsilon: this.#epsilon };
  }
}
