import { defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { type ScanAttrs, scanCases } from './cases.ts';
import { scanComposite } from './composite.ts';
import { scanGradComposite } from './gradient.ts';
import { complexScanGradTensorflow, complexScanTensorflow } from './kernels/complex-tensorflow.ts';
import { complexScanGradWasm, complexScanWasm } from './kernels/complex-wasm.ts';
import { complexScanGradWebgpu, complexScanWebgpu } from './kernels/complex-webgpu.ts';

type Parts<Names extends string> = Readonly<Record<`${Names}Re` | `${Names}Im`, tf.Tensor>>;

export type ComplexScanInputs = Parts<'a' | 'x' | 'h0'>;

export type ComplexScanGradInputs = Parts<'dy' | 'a' | 'y' | 'h0'>;

const parts = (...names: string[]) => names.flatMap((name) => [`${name}Re`, `${name}Im`]);

const grad: Kernel<ComplexScanGradInputs, ScanAttrs> = defineKernel<
  ComplexScanGradInputs,
  ScanAttrs
>({
  name: 'NeverendComplexScanGrad',
  composite: ({ inputs: { dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im }, attrs: { reverse } }) => {
    const { da, dx, dh0 } = scanGradComposite(
      ...([[dyRe, dyIm], [aRe, aIm], [yRe, yIm], [h0Re, h0Im], reverse] as const),
    );
    return [...da, ...dx, ...dh0];
  },
  backendKernels: {
    wasm: complexScanGradWasm,
    webgpu: complexScanGradWebgpu,
    tensorflow: complexScanGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: scanCases(parts('dy', 'a', 'y', 'h0')),
  flops: ({ inputs: { yRe, h0Re } }) => 14 * yRe.size + 6 * h0Re.size,
});

/** Real and imaginary parts of h, `[outer, T, inner]`, of those of a and x `[outer, T, inner]` and of h0 `[outer, inner]`. */
export const complexScan: Kernel<ComplexScanInputs, ScanAttrs> = defineKernel<
  ComplexScanInputs,
  ScanAttrs
>({
  name: 'NeverendComplexScan',
  composite: ({ inputs: { aRe, aIm, xRe, xIm, h0Re, h0Im }, attrs: { reverse } }) =>
    scanComposite([aRe, aIm], [xRe, xIm], [h0Re, h0Im], reverse),
  gradient: {
    saveInputs: ['aRe', 'aIm', 'h0Re', 'h0Im'],
    saveOutputs: [true, true],
    backward: ([dyRe, dyIm], [aRe, aIm, h0Re, h0Im, yRe, yIm], attrs) => {
      const call = { dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im };
      const gradients = grad.run(call as ComplexScanGradInputs, attrs);
      const names = ['aRe', 'aIm', 'xRe', 'xIm', 'h0Re', 'h0Im'] as const;
      return Object.fromEntries(
        names.map((name, index) => [name, () => gradients[index] as tf.Tensor]),
      );
    },
  },
  backendKernels: {
    wasm: complexScanWasm,
    webgpu: complexScanWebgpu,
    tensorflow: complexScanTensorflow,
  },
  code: import.meta.neverendCode,
  cases: scanCases(parts('a', 'x', 'h0')),
  flops: ({ inputs: { xRe } }) => 8 * xRe.size,
});
