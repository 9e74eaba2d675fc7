import type * as tf from '@tensorflow/tfjs-core';

/** With `reverse` the recurrence goes from the last step to the first. */
export type ScanAttrs = { readonly reverse: boolean };

export type ScanInputs = {
  /** `[outer, T, inner]`. */
  readonly a: tf.Tensor;
  /** `[outer, T, inner]`. */
  readonly x: tf.Tensor;
  /** The state before the first step, `[outer, inner]`. */
  readonly h0: tf.Tensor;
};

/** Both `dy`, the gradient by every state, and `y`, the states, are `[outer, T, inner]`. */
export type ScanGradInputs = Omit<ScanInputs, 'x'> & {
  readonly dy: tf.Tensor;
  readonly y: tf.Tensor;
};

/** Complex numbers as two tensors each, their real and their imaginary parts. */
type Parts<Names extends string> = Readonly<Record<`${Names}Re` | `${Names}Im`, tf.Tensor>>;

export type ComplexScanInputs = Parts<'a' | 'x' | 'h0'>;

export type ComplexScanGradInputs = Parts<'dy' | 'a' | 'y' | 'h0'>;
