import type { NativeVersion } from '../../../kernels/index.ts';
import { markEdited } from '../../../stock-fixes/mark-edited.ts';
import { groups, rowsOf, wasmCall } from '../../../wasm/call.ts';
import type { ScatterAddRowsInputs } from '../kernel.ts';

export const scatterAddRowsWasm: NativeVersion<ScatterAddRowsInputs, Record<string, never>> = {
  run: ({ inputs: { table, indices, rows: added }, backend }) => {
    const { run, at } = wasmCall(backend);
    const { rows, width } = rowsOf(table);
    const values = [at(table), at(indices), at(added), rows, indices.size, width];
    run('scatterAddRows', values, groups(width), added.size);
    markEdited(table);
    backend.incRef(table.dataId);
    return [{ dataId: table.dataId, shape: table.shape, dtype: table.dtype }];
  },
};
