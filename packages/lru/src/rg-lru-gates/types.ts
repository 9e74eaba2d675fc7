import type * as tf from '@tensorflow/tfjs-core';

export type GateInputs = {
  /** `[M, N, E]`. */
  readonly x: tf.Tensor;
  /** The input gate before its sigmoid, `[M, N, E]`. */
  readonly inputGate: tf.Tensor;
  /** The recurrence gate before its sigmoid, `[M, N, E]`. */
  readonly recurrenceGate: tf.Tensor;
  /** `[E]`. */
  readonly aParam: tf.Tensor;
  /** 1 where a sequence begins and 0 elsewhere, `[M]`. */
  readonly reset: tf.Tensor;
};

export type GateGradInputs = GateInputs & { readonly da: tf.Tensor; readonly dGated: tf.Tensor };

export type NoAttrs = Record<string, never>;
