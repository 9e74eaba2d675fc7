import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import type { ScanAttrs } from '../cases.ts';
import type { ScanGradInputs, ScanInputs } from '../real.ts';

export const scanTensorflow: BackendKernel<ScanInputs, ScanAttrs> = addonKernel(
  ({ inputs: { a, x, h0 }, attrs }) =>
    runAddonOp('NeverendLinearScan', [a, x, h0], 1, { ...attrs }),
);

export const scanGradTensorflow: BackendKernel<ScanGradInputs, ScanAttrs> = addonKernel(
  ({ inputs: { dy, a, y, h0 }, attrs }) =>
    runAddonOp('NeverendLinearScanGrad', [dy, a, y, h0], 3, { ...attrs }),
);
