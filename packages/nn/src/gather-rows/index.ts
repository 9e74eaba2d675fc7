import { checkTensor, defineKernel, type Kernel } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { scatterAddRowsKernel } from '../scatter-add-rows/index.ts';
import { gatherRowsCases } from './cases.ts';
import { gatherRowsComposite } from './composite.ts';
import { gatherRowsTensorflow } from './kernels/tensorflow.ts';
import { gatherRowsWasm } from './kernels/wasm.ts';
import { gatherRowsWebgpu } from './kernels/webgpu.ts';
import type { GatherRowsAttrs, GatherRowsInputs } from './types.ts';

/**
 * Rows of a table by their numbers.
 *
 * Its gradient by the table is dense, of the table's size. To train a table of which a step touches a few rows,
 * differentiate by the gathered rows instead, and update those rows with `scatterAddRows` or a sparse optimiser.
 *
 * @param table `[N, D]`, float32. @param indices any shape, int32, each in [0, N): outside of it the result is
 * undefined.
 * @returns `[...indices, D]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function gatherRows(table: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  checkTensor('table', table, ['N', 'D']);
  checkTensor('indices', indices, ['...'], 'int32');
  return gatherRowsKernel.run({ table, indices }, {})[0] as tf.Tensor;
}

const gatherRowsKernel: Kernel<GatherRowsInputs, GatherRowsAttrs> = defineKernel<
  GatherRowsInputs,
  GatherRowsAttrs
>({
  name: 'NeverendGatherRows',
  composite: ({ inputs }) => [gatherRowsComposite(inputs)],
  gradient: {
    saveInputs: ['table', 'indices'],
    backward: ([dy], saved) => {
      const [table, indices] = saved as [tf.Tensor, tf.Tensor];
      return {
        table: () =>
          scatterAddRowsKernel.run(
            {
              table: tf.zeros(table.shape),
              indices: tf.reshape(indices, [-1]),
              rows: tf.reshape(dy as tf.Tensor, [indices.size, -1]),
            },
            {},
          )[0] as tf.Tensor,
      };
    },
  },
  backendKernels: {
    webgpu: gatherRowsWebgpu,
    wasm: gatherRowsWasm,
    tensorflow: gatherRowsTensorflow,
  },
  code: import.meta.neverendCode,
  cases: gatherRowsCases,
  flops: () => 0,
});
