export { gemm, gemmScratchBytes } from './kernels/gemm.as';
