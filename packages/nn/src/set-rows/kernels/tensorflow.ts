import type { NativeVersion } from '@neverend/backend';
import { addonVersion, runAddonOp, writable } from '@neverend/backend/kernels';
import type { SetRowsInputs } from '../index.ts';

export const setRowsTensorflow: NativeVersion<SetRowsInputs, Record<string, never>> = addonVersion(
  ({ inputs: { table, indices, rows }, backend }) => {
    const output = writable(backend, table);
    runAddonOp('NeverendSetRows', [output, indices, rows], 0);
    return [output];
  },
);
