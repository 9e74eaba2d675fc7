import type { BackendKernel } from '@neverend/backend';
import { addonKernel, editedInPlace, runAddonOp } from '@neverend/backend/kernels';
import type { ScatterAddRowsInputs } from '../kernel.ts';

export const scatterAddRowsTensorflow: BackendKernel<
  ScatterAddRowsInputs,
  Record<string, never>
> = addonKernel(({ inputs: { table, indices, rows }, backend }) => {
  runAddonOp('NeverendScatterAddRows', [table, indices, rows], 0);
  return [editedInPlace(backend, table)];
});
