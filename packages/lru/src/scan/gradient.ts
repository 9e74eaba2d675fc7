import { defineKernel, type Kernel } from '@neverend/backend';
import { complexScanGradCases, realScanGradCases } from './cases.ts';
import { complexScanGradComposite, realScanGradComposite } from './composite.ts';
import { complexScanGradTensorflow } from './kernels/complex-tensorflow.ts';
import { complexScanGradWasm } from './kernels/complex-wasm.ts';
import { complexScanGradWebgpu } from './kernels/complex-webgpu.ts';
import { scanGradTensorflow } from './kernels/tensorflow.ts';
import { scanGradWasm } from './kernels/wasm.ts';
import { scanGradWebgpu } from './kernels/webgpu.ts';
import type { ComplexScanGradInputs, ScanAttrs, ScanGradInputs } from './types.ts';

/** The gradients by a, x and h0. */
export const realScanGrad: Kernel<ScanGradInputs, ScanAttrs> = defineKernel<
  ScanGradInputs,
  ScanAttrs
>({
  name: 'NeverendLinearScanGrad',
  composite: realScanGradComposite,
  backendKernels: { wasm: scanGradWasm, webgpu: scanGradWebgpu, tensorflow: scanGradTensorflow },
  code: import.meta.neverendCode,
  cases: realScanGradCases,
  flops: ({ inputs: { y, h0 } }) => 3 * y.size + h0.size,
});

/** The gradients by both parts of a, of x and of h0. */
export const complexScanGrad: Kernel<ComplexScanGradInputs, ScanAttrs> = defineKernel<
  ComplexScanGradInputs,
  ScanAttrs
>({
  name: 'NeverendComplexScanGrad',
  composite: complexScanGradComposite,
  backendKernels: {
    wasm: complexScanGradWasm,
    webgpu: complexScanGradWebgpu,
    tensorflow: complexScanGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: complexScanGradCases,
  flops: ({ inputs: { yRe, h0Re } }) => 14 * yRe.size + 6 * h0Re.size,
});
