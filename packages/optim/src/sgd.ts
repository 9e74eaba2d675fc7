import type * as tf from '@tensorflow/tfjs-core';
import { checkBetas } from './checks.ts';
import { type Rule, type RuleSettings, SlotOptimizer } from './slot-optimizer.ts';
import type { OptimizerSettings, Slot } from './slots.ts';
import { type MomentumAttrs, momentumStep, type SGDAttrs, sgdStep } from './steps/sgd.ts';

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
    const keep = this.#decoupled ? 1 - learningRate * weightDecay : 1;
    const decay = this.#decoupled ? 0 : weightDecay;
    const momentum = this.#momentum;
    if (momentum === 0) {
      const attrs: SGDAttrs = { keep, decay, rate: learningRate };
      return (weight, gradient, slots) => ({
        weight: sgdStep.run({ weight, gradient }, attrs)[0] as tf.Tensor,
        slots,
      });
    }
    const attrs: MomentumAttrs = {
      keep,
      decay,
      momentum,
      gradientRate: this.#nesterov ? learningRate : 0,
      sumRate: this.#nesterov ? learningRate * momentum : learningRate,
    };
    return (weight, gradient, slots) => {
      const made = momentumStep.run({ weight, gradient, ...slots }, attrs);
      const [next, sum] = made as [tf.Tensor, tf.Tensor];
      return { weight: next, slots: { momentum: sum } };
    };
  }

  /** @hidden */
  protected override ownConfig(): tf.serialization.ConfigDict {
    return { momentum: this.#momentum, nesterov: this.#nesterov, decoupled: this.#decoupled };
  }
}
