import type * as tf from '@tensorflow/tfjs-core';

export type GateInputs = {
  /** `[M, N, E]`. */
  readonly x: tf.Tensor;
  /** What the input gate's sigmoid takes, `[M, N, E]`. */
  readonly input: tf.Tensor;
  /** What the recurrence gate's sigmoid takes, `[M, N, E]`. */
  readonly forget: tf.Tensor;
  /** `[E]`. */
  readonly aParam: tf.Tensor;
  /** 0 where a sequence begins and 1 elsewhere, `[M]`. */
  readonly keep: tf.Tensor;
};

export type GateGradInputs = GateInputs & { readonly da: tf.Tensor; readonly dGated: tf.Tensor };

export type NoAttrs = Record<string, never>;
