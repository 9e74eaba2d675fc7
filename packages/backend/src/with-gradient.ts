import * as tf from '@tensorflow/tfjs-core';
import { isGradientNested } from './kernels/nested-gradient.ts';

/** What `withGradient` needs of an op: its value, what the backward pass keeps, and the backward pass. */
export interface Differentiable {
  readonly value: tf.Tensor;
  readonly saved: tf.Tensor[];
  /** @returns one gradient for each input, in order. */
  readonly backward: (dy: tf.Tensor, saved: readonly tf.Tensor[]) => tf.Tensor[];
}

/**
 * Runs `op` as one node of the tape, or inside of a gradient of a gradient as the nodes that its value has: `backward` may use what
 * is no input, and then has no gradient. The kernels inside stay the stock ones, so that profilers and FLOP
 * counters see them, and one backward pass shares its transposes among all gradients. The price: an input
 * that needs no gradient has it computed too; for the first layer of a
 * small transformer that is 1 to 2 % of a step.
 */
export function withGradient(inputs: tf.Tensor[], op: () => Differentiable): tf.Tensor {
  if (inputs.length > 0 && isGradientNested()) return tf.tidy(() => op().value);
  const differentiable = tf.customGrad((...args) => {
    // The types of customGrad do not say that the last argument is the function that saves.
    const save = args[args.length - 1] as tf.GradSaveFunc;
    const { value, saved, backward } = op();
    save(saved);
    return { value, gradFunc: (dy, kept) => backward(dy, kept) };
  });
  return differentiable(...inputs);
}
