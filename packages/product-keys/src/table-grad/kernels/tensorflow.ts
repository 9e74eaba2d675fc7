import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { TableGradAttrs, TableGradInputs } from '../types.ts';

export const tableGradTensorflow: BackendKernel<TableGradInputs, TableGradAttrs> = addonKernel(
  owner,
  ({ inputs: { indices, factors, sources }, attrs: { rows } }) =>
    runAddonOp('NeverendTableGrad', [indices, factors, sources], 1, { rows: BigInt(rows) }),
);
