import { editedInPlace } from '../../../kernels/in-place.ts';
import type { NativeVersion } from '../../../kernels/index.ts';
import { groups, rowsOf, wasmCall } from '../../../wasm/call.ts';
import { kernelBinaries } from '../../../wasm/kernels.generated.ts';
import type { ScatterAddRowsInputs } from '../kernel.ts';

export const scatterAddRowsWasm: NativeVersion<ScatterAddRowsInputs, Record<string, never>> = {
  run: ({ inputs: { table, indices, rows: added }, backend }) => {
    const { run, at } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(table);
    const values = [at(table), at(indices), at(added), rows, indices.size, width];
    run('scatterAddRows', values, groups(width), added.size);
    return [editedInPlace(backend, table)];
  },
};
