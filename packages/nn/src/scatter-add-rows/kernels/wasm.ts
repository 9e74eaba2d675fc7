import type { BackendKernel } from '@neverend/backend';
import { editedInPlace, rowsOf, wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { ScatterAddRowsAttrs, ScatterAddRowsInputs } from '../types.ts';

export const scatterAddRowsWasm: BackendKernel<ScatterAddRowsInputs, ScatterAddRowsAttrs> = {
  compute: ({ inputs: { table, indices, rows: added }, backend }) => {
    const { parallelFor, at } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(table);
    // Each thread has a part of the table and adds what falls into it: the same sums on any number of threads.
    parallelFor(
      'scatterAddRows',
      [at(table), at(indices), at(added), indices.size, width],
      rows,
      added.size,
    );
    return [editedInPlace(backend, table)];
  },
};
