import type { BackendKernel } from '@neverend/backend';
import { wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import {
  type PickedRowsAttrs,
  pickedRowsSizes,
  type RowProductsInputs,
  type WeightedRowsInputs,
} from '../types.ts';

export const weightedRowsWasm: BackendKernel<WeightedRowsInputs, PickedRowsAttrs> = {
  compute: ({ inputs: { table, indices, weights }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { count, picks, width, rows } = pickedRowsSizes({ table, indices });
    const y = output([count, width]);
    const values = [...[y, table, indices, weights].map(at), rows, picks, width];
    parallelFor('weightedRows', values, count, 2 * indices.size * width);
    return [y];
  },
};

export const rowProductsWasm: BackendKernel<RowProductsInputs, PickedRowsAttrs> = {
  compute: ({ inputs: { table, indices, x }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { count, picks, width, rows } = pickedRowsSizes({ table, indices });
    const products = output([count, picks]);
    const values = [...[products, x, table, indices].map(at), rows, picks, width];
    parallelFor('rowProducts', values, count, 2 * indices.size * width);
    return [products];
  },
};
