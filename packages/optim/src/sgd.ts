import { checkFlag, checkOptions } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { checkBetas } from './checks.ts';
import { type OptimizerSettings, optimizerSettings } from './settings.ts';
import { type Rule, type RuleSettings, SlotOptimizer } from './slot-optimizer.ts';
import { sgdMomentumStep, sgdStep } from './steps/index.ts';

/** What `SGD` takes; the defaults are PyTorch's. */
export interface SGDOptions extends OptimizerSettings {
  /** Decay of the running sum of the gradients, in [0, 1); 0, which keeps no state, if not given. */
  readonly momentum?: number;
  /** Whether a step looks one step of momentum ahead. */
  readonly nesterov?: boolean;
  /** Decay of the weights, 0 if not given; see `decoupled`. */
  readonly weightDecay?: number;
  /**
   * Decays weights beside the step, as AdamW does (SGDW). If not given, `weightDecay` times the weight is added
   * to the gradient instead, which momentum then carries on: L2 regularisation.
   */
  readonly decoupled?: boolean;
}

/**
 * Stochastic gradient descent with the numbers of PyTorch's `torch.optim.SGD`: the running sum is
 * `u = momentum u + g`, and the step `learningRate` times `u`, or times `g + momentum u` with `nesterov`. The state of a
 * variable is this sum, `momentum`, or nothing where there is no momentum.
 *
 * @throws RangeError for an option outside of its range, or `nesterov` without momentum. @throws TypeError for an
 * unknown option.
 */
export class SGD extends SlotOptimizer<'momentum'> {
  static readonly className: string = 'NeverendSGD';

  readonly #momentum: number;
  readonly #nesterov: boolean;
  readonly #decoupled: boolean;

  constructor(options: SGDOptions) {
    checkOptions('SGD', options, [...optimizerSettings, 'momentum', 'nesterov', 'decoupled']);
    const { learningRate, weightDecay = 0, groups = [] } = options;
    const { momentum = 0, nesterov = false, decoupled = false } = options;
    super(momentum === 0 ? [] : ['momentum'], { learningRate, weightDecay, groups });
    checkBetas({ momentum });
    checkFlag('nesterov', nesterov);
    checkFlag('decoupled', decoupled);
    if (nesterov && momentum === 0) {
      throw new RangeError('nesterov was true with momentum 0; it needs momentum above 0');
    }
    this.#momentum = momentum;
    this.#nesterov = nesterov;
    this.#decoupled = decoupled;
  }

  /** @hidden */
  protected override rule({ learningRate, weightDecay }: RuleSettings): Rule<'momentum'> {
    const momentum = this.#momentum;
    const decay = this.#decoupled ? 1 - learningRate * weightDecay : 1;
    const l2 = this.#decoupled ? 0 : weightDecay;
    if (momentum === 0) {
      const attrs = { decay, l2, stepSize: learningRate };
      return (weight, gradient, slots) => ({
        weight: sgdStep.run({ weight, gradient }, attrs)[0] as tf.Tensor,
        slots,
      });
    }
    const attrs = {
      decay,
      l2,
      momentum,
      gradientScale: this.#nesterov ? learningRate : 0,
      momentumScale: this.#nesterov ? learningRate * momentum : learningRate,
    };
    return (weight, gradient, slots) => {
      const outputs = sgdMomentumStep.run({ weight, gradient, ...slots }, attrs);
      const [next, sum] = outputs as [tf.Tensor, tf.Tensor];
      return { weight: next, slots: { momentum: sum } };
    };
  }

  /** @hidden */
  protected override ownConfig(): tf.serialization.ConfigDict {
    return { momentum: this.#momentum, nesterov: this.#nesterov, decoupled: this.#decoupled };
  }
}
