/**
 * References for tests: the operations as plain loops over `Float64Array`, forward and backward.
 *
 * @module
 */
export {
  geluBackwardNaive,
  geluErfBackwardNaive,
  geluErfNaive,
  geluNaive,
} from './gelu/naive.ts';
export {
  type LayerNormInputs,
  layerNormBackwardNaive,
  layerNormNaive,
} from './layer-norm/naive.ts';
export { type LinearInputs, linearBackwardNaive, linearNaive } from './linear/naive.ts';
export {
  type RmsNormInputs,
  type RmsNormOptions,
  rmsNormBackwardNaive,
  rmsNormNaive,
} from './rms-norm/naive.ts';
