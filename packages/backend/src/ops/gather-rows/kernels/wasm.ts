import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { rowsOf, wasmCall } from '../../../wasm/call.ts';

export const gatherRowsWasm: NativeVersion<
  { readonly table: Tensor; readonly indices: Tensor },
  Record<string, never>
> = {
  run: ({ inputs: { table, indices }, backend }) => {
    const { kernels, at, output } = wasmCall(backend);
    const { rows, width } = rowsOf(table);
    const out = output([...indices.shape, width]);
    kernels.gatherRows(at(out), at(table), at(indices), rows, width, 0, indices.size);
    return [out];
  },
};
