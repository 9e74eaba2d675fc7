import { editedInPlace } from '../../../kernels/in-place.ts';
import type { NativeVersion } from '../../../kernels/index.ts';
import { runAddonOp } from '../../../tensorflow/addon.ts';
import { addonVersion } from '../../../tensorflow/version.ts';
import type { ScatterAddRowsInputs } from '../kernel.ts';

export const scatterAddRowsTensorflow: NativeVersion<
  ScatterAddRowsInputs,
  Record<string, never>
> = addonVersion(({ inputs: { table, indices, rows }, backend }) => {
  runAddonOp('NeverendScatterAddRows', [table, indices, rows], 0);
  return [editedInPlace(backend, table)];
});
