import { registerChainedMethods } from './chained-methods.ts';
import { registerConditions } from './conditions.ts';
import { registerCpuTensorScatterUpdate } from './cpu-tensor-scatter-update.ts';
import { registerCumsum } from './cumsum.ts';
import { registerDilation2D } from './dilation2d.ts';
import { registerEinsumGradient } from './einsum-gradient.ts';
import { registerEinsumKernel } from './einsum-kernel.ts';
import { registerFloatsOfIntegers } from './floats-of-integers.ts';
import { registerFunctions } from './functions.ts';
import { registerFusedMatMul } from './fused-mat-mul.ts';
import { registerGather } from './gather.ts';
import { registerGatherNd } from './gather-nd.ts';
import { registerGradients } from './gradients/index.ts';
import { registerIntegerMatMul } from './integer-mat-mul.ts';
import { registerMatMul } from './mat-mul.ts';
import { registerMatMulBatches } from './mat-mul-batches.ts';
import { registerMaxPool } from './max-pool.ts';
import { registerPads } from './pads.ts';
import { registerSamePads3D } from './same-pads-3d.ts';
import { registerTensorflowMatMul } from './tensorflow-mat-mul.ts';
import { registerTensorflowPads } from './tensorflow-pads.ts';
import { registerTensorflowSum } from './tensorflow-sum.ts';
import { registerTopK } from './top-k.ts';
import { registerUnsortedSegmentSum } from './unsorted-segment-sum.ts';
import { registerWasmBool } from './wasm-bool.ts';
import { registerWasmConv2DBackpropFilter } from './wasm-conv2d-backprop-filter.ts';
import { registerWasmConv3DBackprop } from './wasm-conv3d-backprop.ts';
import { registerWasmDepthwiseBackprop } from './wasm-depthwise-backprop.ts';
import { registerWasmHeap } from './wasm-heap.ts';
import { registerWasmIdentity } from './wasm-identity.ts';
import { registerWasmMatMul } from './wasm-mat-mul.ts';
import { registerWasmSlice } from './wasm-slice.ts';
import { registerWasmSum } from './wasm-sum.ts';
import { registerWebgpuAddN } from './webgpu-add-n.ts';
import { registerWebgpuDataSync } from './webgpu-data-sync.ts';
import { registerWebgpuIntegers } from './webgpu-integers.ts';
import { registerWebgpuMoves } from './webgpu-moves.ts';
import { registerWebgpuPicks } from './webgpu-picks.ts';
import { registerWebgpuTranspose } from './webgpu-transpose.ts';

/**
 * Mends what stock TensorFlow.js gets wrong or lacks: gradients on every backend, kernels of each, an error
 * message on webgpu. `useBackend` calls it; who sets a backend without it calls this once, before or after.
 * Further calls do nothing, unless an import has put a stock gradient back in the meantime.
 */
export function registerStockFixes(): void {
  registerChainedMethods();
  registerConditions();
  registerCumsum();
  registerMatMul();
  registerFusedMatMul();
  registerTopK();
  registerGatherNd();
  registerGather();
  registerEinsumGradient();
  registerWasmHeap();
  registerWasmIdentity();
  registerWasmSlice();
  registerWasmBool();
  registerMaxPool();
  registerDilation2D();
  registerFunctions();
  registerWasmSum();
  registerUnsortedSegmentSum();
  registerWasmConv2DBackpropFilter();
  registerWasmConv3DBackprop();
  registerWasmDepthwiseBackprop();
  registerEinsumKernel();
  registerWasmMatMul();
  registerTensorflowMatMul();
  registerTensorflowSum();
  registerCpuTensorScatterUpdate();
  registerWebgpuAddN();
  registerWebgpuDataSync();
  registerWebgpuIntegers();
  registerGradients();
  registerWebgpuTranspose();
  registerWebgpuMoves();
  registerWebgpuPicks();
  registerIntegerMatMul();
  registerMatMulBatches();
  registerFloatsOfIntegers();
  registerTensorflowPads();
  registerPads();
  registerSamePads3D();
}
