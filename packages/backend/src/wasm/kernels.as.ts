export { gelu, geluGrad } from './kernels/gelu.as';
export { gemm, gemmScratchBytes } from './kernels/gemm.as';
export { norm, normGrad } from './kernels/norm.as';
export { sumAxis } from './kernels/reduce.as';
export { gatherRows, scatterAddRows, setRows } from './kernels/rows.as';
export { softmax, softmaxGrad } from './kernels/softmax.as';
export { sumColumns } from './kernels/sums.as';
