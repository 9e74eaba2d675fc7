import { defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { tableGradCases } from './cases.ts';
import { tableGradComposite } from './composite.ts';
import { tableGradTensorflow } from './kernels/tensorflow.ts';
import { tableGradWasm } from './kernels/wasm.ts';
import { tableGradWebgpu } from './kernels/webgpu.ts';
import type { TableGradAttrs, TableGradInputs } from './types.ts';

/** The gradient of a table of so many rows by its picks, of the table's size: each row has its picks' factors times their sources, summed in the order of the picks. @returns `[N, D]`. */
export const tableGrad = (inputs: TableGradInputs, rows: number): tf.Tensor =>
  tableGradKernel.run(inputs, { rows })[0] as tf.Tensor;

const tableGradKernel: Kernel<TableGradInputs, TableGradAttrs> = defineKernel<
  TableGradInputs,
  TableGradAttrs
>({
  name: 'NeverendTableGrad',
  composite: ({ inputs, attrs }) => [tableGradComposite(inputs, attrs)],
  backendKernels: {
    wasm: tableGradWasm,
    webgpu: tableGradWebgpu,
    tensorflow: tableGradTensorflow,
  },
  code: import.meta.neverendCode,
  cases: tableGradCases,
  flops: ({ inputs: { indices, sources } }) => 2 * indices.size * (sources.shape[1] ?? 1),
});
