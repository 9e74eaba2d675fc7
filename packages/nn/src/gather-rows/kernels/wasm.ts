import type { BackendKernel } from '@neverend/backend';
import { rowsOf, wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { GatherRowsAttrs, GatherRowsInputs } from '../types.ts';

export const gatherRowsWasm: BackendKernel<GatherRowsInputs, GatherRowsAttrs> = {
  compute: ({ inputs: { table, indices }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(table);
    const out = output([...indices.shape, width]);
    const from = [at(table), at(indices), rows, width];
    parallelFor('gatherRows', [at(out), ...from], indices.size, indices.size * width);
    return [out];
  },
};
