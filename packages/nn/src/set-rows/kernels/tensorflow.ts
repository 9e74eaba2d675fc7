import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp, writable } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { SetRowsAttrs, SetRowsInputs } from '../types.ts';

export const setRowsTensorflow: BackendKernel<SetRowsInputs, SetRowsAttrs> = addonKernel(
  owner,
  ({ inputs: { table, indices, rows }, backend }) => {
    const output = writable(backend, table);
    runAddonOp('NeverendSetRows', [output, indices, rows], 0);
    return [output];
  },
);
