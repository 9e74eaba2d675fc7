import type { BackendKernel } from '@neverend/backend';
import { wasmCall, writable } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { SetRowsAttrs, SetRowsInputs } from '../types.ts';

export const setRowsWasm: BackendKernel<SetRowsInputs, SetRowsAttrs> = {
  compute: ({ inputs: { table, indices, rows }, backend }) => {
    const { parallelFor, at } = wasmCall(backend, kernelBinaries);
    const output = writable(backend, table);
    const [count] = table.shape as [number];
    const values = [at(output), at(indices), at(rows), count, table.size / count];
    parallelFor('setRows', values, indices.size, rows.size);
    return [output];
  },
};
