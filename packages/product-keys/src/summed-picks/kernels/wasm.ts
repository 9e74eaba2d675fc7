import type { BackendKernel } from '@neverend/backend';
import { wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import { type SummedPicksAttrs, type SummedPicksInputs, summedPicksSizes } from '../types.ts';

export const summedPicksWasm: BackendKernel<SummedPicksInputs, SummedPicksAttrs> = {
  compute: ({ inputs, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { factors, sources, picks, starts } = inputs;
    const { perSource, rows, width } = summedPicksSizes(inputs);
    const y = output([rows, width]);
    const values = [...[y, factors, sources, picks, starts].map(at), perSource, width];
    parallelFor('summedPicks', values, rows, 2 * picks.size * width);
    return [y];
  },
};
