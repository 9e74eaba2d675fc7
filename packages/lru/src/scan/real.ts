import { defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { type ScanAttrs, scanCases } from './cases.ts';
import { scanComposite } from './composite.ts';
import { scanGradComposite } from './gradient.ts';
import { scanGradTensorflow, scanTensorflow } from './kernels/tensorflow.ts';
import { scanGradWasm, scanWasm } from './kernels/wasm.ts';
import { scanGradWebgpu, scanWebgpu } from './kernels/webgpu.ts';

export type ScanInputs = { readonly a: tf.Tensor; readonly x: tf.Tensor; readonly h0: tf.Tensor };

export type ScanGradInputs = Omit<ScanInputs, 'x'> & {
  readonly dy: tf.Tensor;
  readonly y: tf.Tensor;
};

const grad: Kernel<ScanGradInputs, ScanAttrs> = defineKernel<ScanGradInputs, ScanAttrs>({
  name: 'NeverendLinearScanGrad',
  composite: ({ inputs: { dy, a, y, h0 }, attrs: { reverse } }) => {
    const { da, dx, dh0 } = scanGradComposite([dy], [a], [y], [h0], reverse);
    return [...da, ...dx, ...dh0];
  },
  backendKernels: { wasm: scanGradWasm, webgpu: scanGradWebgpu, tensorflow: scanGradTensorflow },
  code: import.meta.neverendCode,
  cases: scanCases(['dy', 'a', 'y', 'h0']),
  flops: ({ inputs: { y, h0 } }) => 3 * y.size + h0.size,
});

/** h, `[outer, T, inner]`, of a and x `[outer, T, inner]` and h0 `[outer, inner]`. */
export const realScan: Kernel<ScanInputs, ScanAttrs> = defineKernel<ScanInputs, ScanAttrs>({
  name: 'NeverendLinearScan',
  composite: ({ inputs: { a, x, h0 }, attrs: { reverse } }) =>
    scanComposite([a], [x], [h0], reverse),
  gradient: {
    saveInputs: ['a', 'h0'],
    saveOutputs: [true],
    backward: ([dy], [a, h0, y], attrs) => {
      const [da, dx, dh0] = grad.run({ dy, a, y, h0 } as ScanGradInputs, attrs) as Three;
      return { a: () => da, x: () => dx, h0: () => dh0 };
    },
  },
  backendKernels: { wasm: scanWasm, webgpu: scanWebgpu, tensorflow: scanTensorflow },
  code: import.meta.neverendCode,
  cases: scanCases(['a', 'x', 'h0']),
  flops: ({ inputs: { x } }) => 2 * x.size,
});

type Three = [tf.Tensor, tf.Tensor, tf.Tensor];
