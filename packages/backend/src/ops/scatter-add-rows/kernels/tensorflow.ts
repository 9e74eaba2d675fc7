import type { NativeVersion } from '../../../kernels/index.ts';
import { scatterAddRows } from '../../../tensorflow/addon.ts';
import { addonVersion } from '../../../tensorflow/version.ts';
import type { ScatterAddRowsInputs } from '../kernel.ts';

export const scatterAddRowsTensorflow: NativeVersion<
  ScatterAddRowsInputs,
  Record<string, never>
> = addonVersion(({ inputs: { table, indices, rows }, backend }) => {
  scatterAddRows(table, indices, rows);
  backend.incRef(table.dataId);
  return [{ dataId: table.dataId, shape: table.shape, dtype: table.dtype }];
});
