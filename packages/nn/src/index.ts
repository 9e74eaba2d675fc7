export {
  checkDropout,
  type Dropout,
  dropout,
  dropoutAt,
  dropoutFactors,
  dropoutNumbers,
} from './dropout/index.ts';
export { gatherRows } from './gather-rows/index.ts';
export { gelu } from './gelu/index.ts';
export type { GeluForm } from './gelu/types.ts';
export { type InitLinearOptions, initLinear, normal, xavierUniform } from './init.ts';
export { layerNorm } from './layer-norm/index.ts';
export { type LinearOptions, linear } from './linear/index.ts';
export { whyWithoutLinearOps, withPackedLayers } from './linear/kernels/tensorflow.ts';
export type { LinearActivation } from './linear/types.ts';
export { type Norm, type NormLinearLayer, normLinear, normOf } from './norm-linear/index.ts';
export {
  checkedParam,
  checkParams,
  linearParams,
  type Params,
  paramLabel,
  subtree,
  withPrefix,
} from './params.ts';
export { rmsNorm } from './rms-norm/index.ts';
export { sumRows } from './rows.ts';
export { scatterAddRows } from './scatter-add-rows/index.ts';
export { setRows } from './set-rows/index.ts';
export { softmaxGrad } from './softmax/gradient.ts';
export { softmax } from './softmax/index.ts';
export type { SoftmaxAttrs, SoftmaxGradInputs } from './softmax/types.ts';
export { variablesOf } from './variables.ts';
