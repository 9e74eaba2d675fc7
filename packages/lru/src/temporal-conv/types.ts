import type * as tf from '@tensorflow/tfjs-core';

export type ConvInputs = {
  /** What came before and the steps themselves, `[outer, K-1 + T, N, E]`. */
  readonly x: tf.Tensor;
  /** `[K, E]`. */
  readonly w: tf.Tensor;
  /** `[E]`. */
  readonly b: tf.Tensor;
  /** 1 where a sequence begins and 0 elsewhere, `[outer, T]`. */
  readonly reset: tf.Tensor;
};

/** `dy`, the gradient by the output, is `[outer, T, N, E]`. */
export type ConvGradInputs = Omit<ConvInputs, 'b'> & { readonly dy: tf.Tensor };

/** `hasResets`: whether any of `reset` may be 1. For the composite, which has less to do where none is. */
export type ConvAttrs = { readonly hasResets: boolean };
