import type { NativeVersion } from '@neverend/backend';
import { addonVersion, editedInPlace, runAddonOp } from '@neverend/backend/kernels';
import type { ScatterAddRowsInputs } from '../kernel.ts';

export const scatterAddRowsTensorflow: NativeVersion<
  ScatterAddRowsInputs,
  Record<string, never>
> = addonVersion(({ inputs: { table, indices, rows }, backend }) => {
  runAddonOp('NeverendScatterAddRows', [table, indices, rows], 0);
  return [editedInPlace(backend, table)];
});
