export { gatherRows } from './gather-rows/index.ts';
export type { GeluForm } from './gelu/form.ts';
export { gelu } from './gelu/index.ts';
export { layerNorm } from './layer-norm/index.ts';
export { linear } from './linear/index.ts';
export { rmsNorm } from './rms-norm/index.ts';
export { scatterAddRows } from './scatter-add-rows/index.ts';
export { setRows } from './set-rows/index.ts';
export { softmax } from './softmax/index.ts';
