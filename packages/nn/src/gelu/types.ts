import type { Tensor } from '@tensorflow/tfjs-core';

/** `tanh`: the approximation of arXiv 1606.08415, section 2. `erf`: the function itself. */
export type GeluForm = 'tanh' | 'erf';

export type GeluAttrs = { readonly form: GeluForm };

/** The input of GELU, of any shape. */
export type GeluInputs = { readonly x: Tensor };

/** The input of GELU and its gradient, both of one shape. */
export type GeluGradInputs = { readonly dy: Tensor; readonly x: Tensor };

/** The input of GELU, `[..., D]`, and what is added to it, `[D]`. */
export type BiasGeluInputs = { readonly x: Tensor; readonly bias: Tensor };

/** The gradient of the output, `[..., D]`, and the inputs. */
export type BiasGeluGradInputs = BiasGeluInputs & { readonly dy: Tensor };
