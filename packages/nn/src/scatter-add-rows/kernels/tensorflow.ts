import type { BackendKernel } from '@neverend/backend';
import { addonKernel, editedInPlace, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { ScatterAddRowsAttrs, ScatterAddRowsInputs } from '../types.ts';

export const scatterAddRowsTensorflow: BackendKernel<ScatterAddRowsInputs, ScatterAddRowsAttrs> =
  addonKernel(owner, ({ inputs: { table, indices, rows }, backend }) => {
    runAddonOp('NeverendScatterAddRows', [table, indices, rows], 0);
    return [editedInPlace(backend, table)];
  });
