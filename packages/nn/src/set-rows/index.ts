import { checkTensor, checkTensorOf, defineKernel, type Kernel } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { setRowsCases } from './cases.ts';
import { setRowsComposite } from './composite.ts';
import { setRowsTensorflow } from './kernels/tensorflow.ts';
import { setRowsWasm } from './kernels/wasm.ts';
import { setRowsWebgpu } from './kernels/webgpu.ts';
import type { SetRowsAttrs, SetRowsInputs } from './types.ts';

/**
 * A table with some of its rows replaced: `table[indices[k]] = rows[k]`. Written in place where the backend has a
 * kernel for it and no clone or reshape holds the table's data too, at a cost that does not depend on N; otherwise
 * into a copy. Either way the caller goes on with the result alone. Not differentiable.
 *
 * On `tensorflow`, a slice or reshape of the table that is kept changes with it.
 *
 * @param table `[N, ...]`, float32. @param indices `[K]`, int32, each in [0, N) and none twice: otherwise the result
 * is undefined. @param rows `[K, ...]`, float32, each of the shape of a row of the table.
 * @returns the table's shape, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function setRows(table: tf.Tensor, indices: tf.Tensor, rows: tf.Tensor): tf.Tensor {
  checkTensorOf('table', table, ['float32'], ['N', '...']);
  const row = table.shape.slice(1);
  checkTensor('table', table, ['N', ...row]);
  checkTensor('indices', indices, ['K'], 'int32');
  checkTensor('rows', rows, [indices.size, ...row]);
  return setRowsKernel.run({ table, indices, rows }, {})[0] as tf.Tensor;
}

const setRowsKernel: Kernel<SetRowsInputs, SetRowsAttrs> = defineKernel<
  SetRowsInputs,
  SetRowsAttrs
>({
  name: 'NeverendSetRows',
  composite: ({ inputs }) => [setRowsComposite(inputs)],
  backendKernels: { webgpu: setRowsWebgpu, wasm: setRowsWasm, tensorflow: setRowsTensorflow },
  code: import.meta.neverendCode,
  cases: setRowsCases,
  flops: () => 0,
});
