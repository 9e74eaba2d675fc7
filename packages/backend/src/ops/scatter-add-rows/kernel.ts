import * as tf from '@tensorflow/tfjs-core';
import { defineKernel, type Kernel } from '../../kernels/index.ts';
import { randomCase } from '../random-case.ts';
import { rowIndices } from '../row-indices.ts';
import { scatterAddRowsWebgpu } from './kernels/webgpu.ts';

type Inputs = {
  readonly table: tf.Tensor;
  readonly indices: tf.Tensor;
  readonly rows: tf.Tensor;
};

/**
 * The table with rows added to it. A version for a backend adds in place and answers the table itself, so the table
 * must be one that nothing else holds.
 */
export const scatterAddRowsKernel: Kernel<Inputs, Record<string, never>> = defineKernel<
  Inputs,
  Record<string, never>
>({
  name: 'NeverendScatterAddRows',
  composite: ({ inputs: { table, indices, rows } }) => [
    tf.add(table, tf.unsortedSegmentSum(rows, indices as tf.Tensor1D, table.shape[0] ?? 1)),
  ],
  versions: { webgpu: scatterAddRowsWebgpu },
  cases: rowIndices.map(({ rows, width, count, indices }) =>
    randomCase(
      { table: { shape: [rows, width] }, rows: { shape: [count, width] } },
      {},
      { indices },
    ),
  ),
  flops: ({ inputs: { rows } }) => rows.size,
});
