import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { ComplexScanGradInputs, ComplexScanInputs, ScanAttrs } from '../types.ts';
import { scanOpAttributes } from './tuning.ts';

export const complexScanTensorflow: BackendKernel<ComplexScanInputs, ScanAttrs> = addonKernel(
  owner,
  ({ inputs: { aRe, aIm, xRe, xIm, h0Re, h0Im }, attrs }) =>
    runAddonOp('NeverendComplexScan', [aRe, aIm, xRe, xIm, h0Re, h0Im], 2, scanOpAttributes(attrs)),
);

export const complexScanGradTensorflow: BackendKernel<ComplexScanGradInputs, ScanAttrs> =
  addonKernel(owner, ({ inputs: { dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im }, attrs }) => {
    const inputs = [dyRe, dyIm, aRe, aIm, yRe, yIm, h0Re, h0Im];
    return runAddonOp('NeverendComplexScanGrad', inputs, 6, scanOpAttributes(attrs));
  });
