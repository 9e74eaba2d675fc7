import type { BackendKernel } from '@neverend/backend';
import { wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type {
  TopPairsAttrs,
  TopPairsGradAttrs,
  TopPairsGradInputs,
  TopPairsInputs,
} from '../types.ts';

/** What a pick costs, in numbers that are only looked at. */
const perPick = 16;

export const topPairsWasm: BackendKernel<TopPairsInputs, TopPairsAttrs> = {
  compute: ({ inputs: { a, b, items }, attrs: { k, numbered }, backend }) => {
    const { parallelFor, exports, at, output } = wasmCall(backend, kernelBinaries);
    const [rows = 0, n = 1] = a.shape;
    const m = b.shape[1] ?? 1;
    const outputs = [output([rows, k]), output([rows, k], 'int32')];
    const values = [...[...outputs, a, b].map(at), numbered ? at(items) : 0, n, m, k];
    const size = rows * (n + m + perPick * k);
    parallelFor('topPairs', values, rows, size, exports.topPairsScratchBytes(n, m, k));
    return outputs;
  },
};

export const topPairsGradWasm: BackendKernel<TopPairsGradInputs, TopPairsGradAttrs> = {
  compute: ({ inputs: { dsums, pairs, items }, attrs: { n, m, numbered }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const [rows = 0, k = 1] = dsums.shape;
    const outputs = [output([rows, n]), output([rows, m])];
    const values = [...[...outputs, dsums, pairs].map(at), numbered ? at(items) : 0, n, m, k];
    parallelFor('topPairsGrad', values, rows, rows * (n + m + k));
    return outputs;
  },
};
