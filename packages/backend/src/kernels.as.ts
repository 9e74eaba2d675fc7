export { gemm, gemmScratchBytes } from './wasm/kernels/gemm.as';
