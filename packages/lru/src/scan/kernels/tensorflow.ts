import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { ScanAttrs, ScanGradInputs, ScanInputs } from '../types.ts';
import { scanOpAttributes } from './tuning.ts';

export const scanTensorflow: BackendKernel<ScanInputs, ScanAttrs> = addonKernel(
  owner,
  ({ inputs: { a, x, h0 }, attrs }) =>
    runAddonOp('NeverendLinearScan', [a, x, h0], 1, scanOpAttributes(attrs)),
);

export const scanGradTensorflow: BackendKernel<ScanGradInputs, ScanAttrs> = addonKernel(
  owner,
  ({ inputs: { dy, a, y, h0 }, attrs }) =>
    runAddonOp('NeverendLinearScanGrad', [dy, a, y, h0], 3, scanOpAttributes(attrs)),
);
