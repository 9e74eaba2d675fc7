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
  compute: ({ inputs: { a, b, items, others }, attrs: { k, size, numbered }, backend }) => {
    const { parallelFor, exports, at, output } = wasmCall(backend, kernelBinaries);
    const [rows = 0, n = 1] = a.shape;
    const m = b.shape[1] ?? 1;
    const outputs = [output([rows, k]), output([rows, k], 'int32')];
    const numbers = [numbered > 0 ? at(items) : 0, numbered > 1 ? at(others) : 0];
    const values = [...[...outputs, a, b].map(at), ...numbers, n, m, size, k];
    const cost = rows * (n + m + perPick * k);
    parallelFor('topPairs', values, rows, cost, exports.topPairsScratchBytes(n, m, k));
    return outputs;
  },
};

export const topPairsGradWasm: BackendKernel<TopPairsGradInputs, TopPairsGradAttrs> = {
  compute: ({
    inputs: { dsums, pairs, items, others },
    attrs: { n, m, size, numbered },
    backend,
  }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const [rows = 0, k = 1] = dsums.shape;
    const outputs = [output([rows, n]), output([rows, m])];
    const numbers = [numbered > 0 ? at(items) : 0, numbered > 1 ? at(others) : 0];
    const values = [...[...outputs, dsums, pairs].map(at), ...numbers, n, m, size, k];
    parallelFor('topPairsGrad', values, rows, rows * (n + m + k));
    return outputs;
  },
};
