import * as tf from '@tensorflow/tfjs-core';

type Gradients = tf.NamedTensorMap | { name: string; tensor: tf.Tensor }[];

interface Optimizer {
  applyGradients(gradients: Gradients): void;
}

/** The part of TensorFlow.js' RMSProp that a step reads. */
interface RmsProp extends Optimizer {
  epsilon: number;
  readonly centered: boolean;
}

interface Slot {
  readonly originalName: string;
  readonly variable: tf.Variable;
}

/** The part of TensorFlow.js' Adadelta that a step works on. */
interface Adadelta extends Optimizer {
  readonly learningRate: number;
  readonly rho: number;
  readonly epsilon: number;
  readonly accumulatedGrads: Slot[];
  readonly accumulatedUpdates: Slot[];
  incrementIterations(): void;
}

function adadeltaStep(optimizer: Adadelta, gradients: Gradients): void {
  const { learningRate, rho, epsilon, accumulatedGrads, accumulatedUpdates } = optimizer;
  const named = Array.isArray(gradients)
    ? gradients
    : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
  for (const [index, { name, tensor: gradient }] of named.entries()) {
    const value = tf.engine().registeredVariables[name] as tf.Variable;
    const variableOf = (slots: Slot[], what: string) => {
      slots[index] ??= {
        originalName: `${name}/${what}`,
        variable: tf.tidy(() => tf.variable(tf.zerosLike(value), false)),
      };
      return slots[index].variable;
    };
    const squares = variableOf(accumulatedGrads, 'accum_grad');
    const updates = variableOf(accumulatedUpdates, 'accum_var');
    if ((gradient as tf.Tensor | null | undefined) == null) continue;
    tf.tidy(() => {
      const average = (old: tf.Tensor, x: tf.Tensor) =>
        tf.add(tf.mul(old, rho), tf.mul(tf.square(x), 1 - rho));
      const root = (x: tf.Tensor) => tf.sqrt(tf.add(x, epsilon));
      squares.assign(average(squares, gradient));
      const step = tf.mul(tf.div(root(updates), root(squares)), gradient);
      updates.assign(average(updates, step));
      value.assign(tf.sub(value, tf.mul(step, learningRate)));
    });
  }
  optimizer.incrementIterations();
}

const mended = Symbol.for('neverend.optimizers');

/**
 * Stock, the centered RMSProp subtracts epsilon from the variance instead of adding it, so that a gradient of 0 gives NaN; and Adadelta
 * divides by the mean square of the gradients before the step, which is 0 in the first.
 */
export function registerOptimizers(): void {
  const rmsProp = tf.RMSPropOptimizer.prototype as unknown as RmsProp & { [mended]?: true };
  if (rmsProp[mended]) return;
  rmsProp[mended] = true;
  const { applyGradients } = rmsProp;
  rmsProp.applyGradients = function (this: RmsProp, gradients) {
    if (!this.centered) return applyGradients.call(this, gradients);
    this.epsilon = -this.epsilon;
    try {
      applyGradients.call(this, gradients);
    } finally {
      this.epsilon = -this.epsilon;
    }
  };
  const adadelta = tf.AdadeltaOptimizer.prototype as unknown as Adadelta;
  adadelta.applyGradients = function (this: Adadelta, gradients) {
    adadeltaStep(this, gradients);
  };
}
