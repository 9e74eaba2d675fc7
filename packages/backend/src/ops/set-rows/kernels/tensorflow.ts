import { writable } from '../../../kernels/in-place.ts';
import type { NativeVersion } from '../../../kernels/index.ts';
import { runAddonOp } from '../../../tensorflow/addon.ts';
import { addonVersion } from '../../../tensorflow/version.ts';
import type { SetRowsInputs } from '../index.ts';

export const setRowsTensorflow: NativeVersion<SetRowsInputs, Record<string, never>> = addonVersion(
  ({ inputs: { table, indices, rows }, backend }) => {
    const output = writable(backend, table);
    runAddonOp('NeverendSetRows', [output, indices, rows], 0);
    return [output];
  },
);
