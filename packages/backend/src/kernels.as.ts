export { gemm, gemmScratchBytes } from './wasm/kernels/gemm.as';
export { sumAxis } from './wasm/kernels/reduce.as';
