import type * as tf from '@tensorflow/tfjs-core';

/** Settings of the variables that `match` picks; what is left out is the optimiser's own. */
export interface ParameterGroup {
  /** True for the names of the variables in this group. A variable is in the first group that matches it. */
  match(name: string): boolean;
  /** Factor on the learning rate; 0 freezes the variables, decay included. */
  readonly learningRateScale?: number;
  readonly weightDecay?: number;
}

/** What every optimiser takes. */
export interface OptimizerSettings {
  readonly learningRate: number;
  /** Decoupled decay: each step first multiplies a weight by `1 - learningRate * weightDecay`. */
  readonly weightDecay?: number;
  readonly groups?: readonly ParameterGroup[];
}

/** The names of what every optimiser takes. */
export const optimizerSettings = ['learningRate', 'weightDecay', 'groups'] as const;

/** A tensor and its name, as `tf.Optimizer` passes them. */
export interface NamedTensor {
  name: string;
  tensor: tf.Tensor;
}
