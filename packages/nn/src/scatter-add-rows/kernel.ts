import { defineKernel, type Kernel, registerStockFixes } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { rowIndices } from '../row-indices.ts';
import { scatterAddRowsTensorflow } from './kernels/tensorflow.ts';
import { scatterAddRowsWasm } from './kernels/wasm.ts';
import { scatterAddRowsWebgpu } from './kernels/webgpu.ts';

export type ScatterAddRowsInputs = {
  readonly table: tf.Tensor;
  readonly indices: tf.Tensor;
  readonly rows: tf.Tensor;
};

/**
 * The table with rows added to it. A version for a backend adds in place and answers the table itself, so the table
 * must be one that nothing else holds.
 */
export const scatterAddRowsKernel: Kernel<
  ScatterAddRowsInputs,
  Record<string, never>
> = defineKernel<ScatterAddRowsInputs, Record<string, never>>({
  name: 'NeverendScatterAddRows',
  composite: ({ inputs: { table, indices, rows } }) => {
    // Where a program has set wasm itself, nothing of this was registered yet.
    registerStockFixes();
    const sums = tf.unsortedSegmentSum(rows, indices as tf.Tensor1D, table.shape[0] ?? 1);
    return [tf.add(table, sums)];
  },
  backendKernels: {
    webgpu: scatterAddRowsWebgpu,
    wasm: scatterAddRowsWasm,
    tensorflow: scatterAddRowsTensorflow,
  },
  code: import.meta.neverendCode,
  cases: rowIndices.map(({ rows, width, count, indices }) =>
    randomCase(
      { table: { shape: [rows, width] }, rows: { shape: [count, width] } },
      {},
      { indices },
    ),
  ),
  flops: ({ inputs: { rows } }) => rows.size,
});
