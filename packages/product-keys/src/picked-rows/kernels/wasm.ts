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
  compute: ({ inputs: { table, indices, weights, sequence }, attrs: { sequenced }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { count, picks, width, rows } = pickedRowsSizes({ table, indices });
    const y = output([count, width]);
    const order = sequenced ? at(sequence) : 0;
    const values = [...[y, table, indices, weights].map(at), order, rows, count, picks, width];
    parallelFor('weightedRows', values, count, 2 * indices.size * width);
    return [y];
  },
};

export const rowProductsWasm: BackendKernel<RowProductsInputs, PickedRowsAttrs> = {
  compute: ({ inputs: { table, indices, x, sequence }, attrs: { sequenced }, backend }) => {
    const { parallelFor, at, output } = wasmCall(backend, kernelBinaries);
    const { count, picks, width, rows } = pickedRowsSizes({ table, indices });
    const products = output([count, picks]);
    const order = sequenced ? at(sequence) : 0;
    const values = [...[products, x, table, indices].map(at), order, rows, count, picks, width];
    parallelFor('rowProducts', values, count, 2 * indices.size * width);
    return [products];
  },
};
