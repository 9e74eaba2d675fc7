import type { Tensor } from '@tensorflow/tfjs-core';
import type { NativeVersion } from '../../../kernels/index.ts';
import { rowsOf, wasmCall } from '../../../wasm/call.ts';
import { kernelBinaries } from '../../../wasm/kernels.generated.ts';

export const gatherRowsWasm: NativeVersion<
  { readonly table: Tensor; readonly indices: Tensor },
  Record<string, never>
> = {
  run: ({ inputs: { table, indices }, backend }) => {
    const { run, at, output } = wasmCall(backend, kernelBinaries);
    const { rows, width } = rowsOf(table);
    const out = output([...indices.shape, width]);
    const from = [at(table), at(indices), rows, width];
    run('gatherRows', [at(out), ...from], indices.size, indices.size * width);
    return [out];
  },
};
