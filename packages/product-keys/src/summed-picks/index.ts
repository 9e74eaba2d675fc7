import { defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { summedPicksCases } from './cases.ts';
import { summedPicksComposite } from './composite.ts';
import { summedPicksTensorflow } from './kernels/tensorflow.ts';
import { summedPicksWasm } from './kernels/wasm.ts';
import { summedPicksWebgpu } from './kernels/webgpu.ts';
import type { SummedPicksAttrs, SummedPicksInputs } from './types.ts';

/** The gradients of rows that were picked: for each row, its picks' factors times their sources, summed in the order of the picks. @returns `[U, D]`. */
export const summedPicks = (inputs: SummedPicksInputs): tf.Tensor =>
  summedPicksKernel.run(inputs, {})[0] as tf.Tensor;

const summedPicksKernel: Kernel<SummedPicksInputs, SummedPicksAttrs> = defineKernel<
  SummedPicksInputs,
  SummedPicksAttrs
>({
  name: 'NeverendSummedPicks',
  composite: ({ inputs }) => [summedPicksComposite(inputs)],
  backendKernels: {
    wasm: summedPicksWasm,
    webgpu: summedPicksWebgpu,
    tensorflow: summedPicksTensorflow,
  },
  code: import.meta.neverendCode,
  cases: summedPicksCases,
  flops: ({ inputs: { picks, sources } }) => 2 * picks.size * (sources.shape[1] ?? 1),
});
