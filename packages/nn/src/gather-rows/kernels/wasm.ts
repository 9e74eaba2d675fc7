import type { BackendKernel } from '@neverend/backend';
import { rowsOf, wasmCall } from '@neverend/backend/kernels';
import type { Tensor } from '@tensorflow/tfjs-core';
import { kernelBinaries } from '../../kernels.generated.ts';

export const gatherRowsWasm: BackendKernel<
  { readonly table: Tensor; readonly indices: Tensor },
  Record<string, never>
> = {
  compute: ({ inputs: { table, indices }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(table);
    const out = output([...indices.shape, width]);
    const from = [at(table), at(indices), rows, width];
    parallelFor('gatherRows', [at(out), ...from], indices.size, indices.size * width);
    return [out];
  },
};
