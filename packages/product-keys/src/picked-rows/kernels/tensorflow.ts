import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { PickedRowsAttrs, RowProductsInputs, WeightedRowsInputs } from '../types.ts';

export const weightedRowsTensorflow: BackendKernel<WeightedRowsInputs, PickedRowsAttrs> =
  addonKernel(owner, ({ inputs: { table, indices, weights, sequence }, attrs }) =>
    runAddonOp('NeverendWeightedRows', [table, indices, weights, sequence], 1, { ...attrs }),
  );

export const rowProductsTensorflow: BackendKernel<RowProductsInputs, PickedRowsAttrs> = addonKernel(
  owner,
  ({ inputs: { table, indices, x, sequence }, attrs }) =>
    runAddonOp('NeverendRowProducts', [x, table, indices, sequence], 1, { ...attrs }),
);
