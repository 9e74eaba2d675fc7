import type * as tf from '@tensorflow/tfjs-core';

/** Settings of the variables that `match` picks; what is left out is the optimiser's own. */
export interface ParameterGroup {
  /** True for the names of the variables in this group. A variable is in the first group that matches it. */
  match(name: string): boolean;
  /** Factor on the learning rate; 0 freezes the variables, decay included. */
  readonly learningRateScale?: number;
  readonly weightDecay?: number;
}

/** What `AdamW` takes; the defaults are PyTorch's. */
export interface AdamWOptions {
  readonly learningRate: number;
  /** Decay of the mean of the gradients, in [0, 1). */
  readonly beta1?: number;
  /** Decay of the mean of the squared gradients, in [0, 1). */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Decoupled decay: each step first multiplies a weight by `1 - learningRate * weightDecay`. */
  readonly weightDecay?: number;
  readonly groups?: readonly ParameterGroup[];
}

/** Optimiser state of one variable: both moments have the variable's shape, float32. */
export interface AdamWSlot {
  /** Running mean of the gradients, without bias correction. */
  readonly m: tf.Tensor;
  /** Running mean of the squared gradients, without bias correction. */
  readonly v: tf.Tensor;
  /** Updates of this variable; below the optimiser's steps where it joined late or had no gradient. */
  readonly step?: number;
}

/** A tensor and its name, as `tf.Optimizer` passes them. */
export interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
}
