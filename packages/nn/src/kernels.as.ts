export { gatherRows } from './gather-rows/kernels/gather-rows.as';
export { gelu, geluGrad } from './gelu/kernels/gelu.as';
export { norm, normGrad } from './layer-norm/kernels/norm.as';
export { scatterAddRows } from './scatter-add-rows/kernels/scatter-add-rows.as';
export { setRows } from './set-rows/kernels/set-rows.as';
export { softmax, softmaxGrad } from './softmax/kernels/softmax.as';
export { sumColumns } from '@neverend/backend/assembly/sums.as';
