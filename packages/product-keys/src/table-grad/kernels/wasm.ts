import type { BackendKernel } from '@neverend/backend';
import { wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import type { TableGradAttrs, TableGradInputs } from '../types.ts';

export const tableGradWasm: BackendKernel<TableGradInputs, TableGradAttrs> = {
  compute: ({ inputs: { indices, factors, sources }, attrs: { rows }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const [count = 0, width = 1] = sources.shape;
    const gradient = output([rows, width]);
    const values = [gradient, indices, factors, sources].map(at);
    const picks = count === 0 ? 0 : indices.size / count;
    const cost = rows * width + 3 * indices.size * width;
    parallelFor('tableGrad', [...values, count, picks, width], rows, cost);
    return [gradient];
  },
};
