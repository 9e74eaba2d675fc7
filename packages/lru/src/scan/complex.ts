import { defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { type ScanAttrs, scanCases } from './cases.ts';
import { scanComposite } from './composite.ts';
import { scanGradComposite } from './gradient.ts';

type Parts<Names extends string> = Readonly<Record<`${Names}Re` | `${Names}Im`, tf.Tensor>>;

const parts = (...names: string[]) => names.flatMap((name) => [`${name}Re`, `${name}Im`]);

const grad: Kernel<Parts<'dy' | 'a' | 'y' | 'h0'>, ScanAttrs> = defineKernel<
  Parts<'dy' | 'a' | 'y' | 'h0'>,
  ScanAttrs
>({
  name: 'NeverendComplexScanGrad',
  composite: ({ inputs: { dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im }, attrs: { reverse } }) => {
    const { da, dx, dh0 } = scanGradComposite(
      ...([[dyRe, dyIm], [aRe, aIm], [yRe, yIm], [h0Re, h0Im], reverse] as const),
    );
    return [...da, ...dx, ...dh0];
  },
  cases: scanCases(parts('dy', 'a', 'y', 'h0')),
  flops: ({ inputs: { yRe, h0Re } }) => 14 * yRe.size + 6 * h0Re.size,
});

/** Real and imaginary parts of h, `[outer, T, inner]`, of those of a and x `[outer, T, inner]` and of h0 `[outer, inner]`. */
export const complexScan: Kernel<Parts<'a' | 'x' | 'h0'>, ScanAttrs> = defineKernel<
  Parts<'a' | 'x' | 'h0'>,
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
      const gradients = grad.run(call as Parts<'dy' | 'a' | 'y' | 'h0'>, attrs);
      const names = ['aRe', 'aIm', 'xRe', 'xIm', 'h0Re', 'h0Im'] as const;
      return Object.fromEntries(
        names.map((name, index) => [name, () => gradients[index] as tf.Tensor]),
      );
    },
  },
  cases: scanCases(parts('a', 'x', 'h0')),
  flops: ({ inputs: { xRe } }) => 8 * xRe.size,
});
