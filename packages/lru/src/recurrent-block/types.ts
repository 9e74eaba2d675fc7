import type { Tensor } from '@tensorflow/tfjs-core';
import type { GatedRecurrenceAttrs, GatedRecurrenceInputs } from '../gated-recurrence/types.ts';

/** Of a block that is added to its input. */
export type RecurrentBlockInputs = Omit<GatedRecurrenceInputs, 'x' | 'gate'> & {
  /** `[rows, T, D]` or `[B, T, N, D]`. */
  readonly x: Tensor;
  /** Of the RMS norm, `[D]`; 1 is added to it. */
  readonly scale: Tensor;
  /** The layer before the gate, `[D, E]` and `[E]`. */
  readonly yKernel: Tensor;
  readonly yBias: Tensor;
  /** The layer before the convolution, `[D, E]` and `[E]`. */
  readonly xKernel: Tensor;
  readonly xBias: Tensor;
  /** The last layer, `[E, D]` and `[D]`. */
  readonly outKernel: Tensor;
  readonly outBias: Tensor;
};

export type RecurrentBlockAttrs = GatedRecurrenceAttrs & {
  /** Epsilon of the norm. */
  readonly eps: number;
};
