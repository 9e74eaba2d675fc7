import type { NativeVersion } from '@neverend/backend';
import { addonVersion, runAddonOp } from '@neverend/backend/kernels';
import type { ScanAttrs } from '../cases.ts';
import type { ScanGradInputs, ScanInputs } from '../real.ts';

export const scanTensorflow: NativeVersion<ScanInputs, ScanAttrs> = addonVersion(
  ({ inputs: { a, x, h0 }, attrs }) =>
    runAddonOp('NeverendLinearScan', [a, x, h0], 1, { ...attrs }),
);

export const scanGradTensorflow: NativeVersion<ScanGradInputs, ScanAttrs> = addonVersion(
  ({ inputs: { dy, a, y, h0 }, attrs }) =>
    runAddonOp('NeverendLinearScanGrad', [dy, a, y, h0], 3, { ...attrs }),
);
