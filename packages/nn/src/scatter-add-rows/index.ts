import { checkTensor, checkVariable, defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { scatterAddRowsCases } from './cases.ts';
import { scatterAddRowsComposite } from './composite.ts';
import { scatterAddRowsTensorflow } from './kernels/tensorflow.ts';
import { scatterAddRowsWasm } from './kernels/wasm.ts';
import { scatterAddRowsWebgpu } from './kernels/webgpu.ts';
import type { ScatterAddRowsAttrs, ScatterAddRowsInputs } from './types.ts';

/**
 * Adds rows to rows of a table: `table[indices[k]] += rows[k]` for every k, in the order of k where a row comes
 * more than once. In place where the backend has a kernel for it, at a cost that does not depend on N;
 * elsewhere the variable gets a new value of its whole size.
 *
 * @param table a variable `[N, D]`, float32. Tensors that share its buffer (clones, reshapes) change with it where it is in place.
 * @param indices `[K]`, int32, each in [0, N): outside of it the result is undefined.
 * @param rows `[K, D]`, float32.
 * @throws ShapeError | DTypeError naming the argument. @throws TypeError for a table that is no variable.
 */
export function scatterAddRows(table: tf.Variable, indices: tf.Tensor, rows: tf.Tensor): void {
  checkVariable('table', table, ['N', 'D']);
  checkTensor('indices', indices, ['K'], 'int32');
  checkTensor('rows', rows, [indices.size, table.shape[1] ?? 1]);
  const [result] = scatterAddRowsKernel.run({ table, indices, rows }, {}) as [tf.Tensor];
  if (result.dataId !== table.dataId) table.assign(result);
  result.dispose();
}

/**
 * The table with rows added to it. A backend's own kernel adds in place and answers the table itself, so the table
 * must be one that nothing else holds.
 */
export const scatterAddRowsKernel: Kernel<ScatterAddRowsInputs, ScatterAddRowsAttrs> = defineKernel<
  ScatterAddRowsInputs,
  ScatterAddRowsAttrs
>({
  name: 'NeverendScatterAddRows',
  composite: ({ inputs }) => [scatterAddRowsComposite(inputs)],
  backendKernels: {
    webgpu: scatterAddRowsWebgpu,
    wasm: scatterAddRowsWasm,
    tensorflow: scatterAddRowsTensorflow,
  },
  code: import.meta.neverendCode,
  cases: scatterAddRowsCases,
  flops: ({ inputs: { rows } }) => rows.size,
});
