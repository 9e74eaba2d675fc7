import type { Tensor } from '@tensorflow/tfjs-core';

/** The input of `softmax`, `[..., D]`. */
export type SoftmaxInputs = { readonly x: Tensor };

/** The output of `softmax` and its gradient, of one shape. */
export type SoftmaxGradInputs = { readonly dy: Tensor; readonly y: Tensor };

export type SoftmaxAttrs = Record<string, never>;
