/** `tanh`: the approximation of arXiv 1606.08415, section 2. `erf`: the function itself. */
export type GeluForm = 'tanh' | 'erf';

export type GeluAttrs = { readonly form: GeluForm };

// 0.5 (1 + tanh(u)) = sigmoid(2u), so with u = sqrt(2/pi) (x + 0.044715 x³) the argument of the sigmoid is
// x (linear + cubic x²).
export const logisticLinear: number = 2 * Math.sqrt(2 / Math.PI);
export const logisticCubic: number = logisticLinear * 0.044715;

/** Shapes that a kernel for GELU must agree with its composite on. */
export const geluShapes: readonly (readonly number[])[] = [
  [1],
  [7],
  [3, 5],
  [129, 63],
  [65_537, 2],
];
export const geluForms: readonly GeluForm[] = ['tanh', 'erf'];

/**
 * How far the inputs of a comparison reach. A lone number far out in the tail has few digits in the composite, and no
 * larger one beside it.
 */
export const scaleOf = (shape: readonly number[]): number => (shape[0] === 1 ? 1 : 3);
