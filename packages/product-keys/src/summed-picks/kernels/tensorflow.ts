import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type { SummedPicksAttrs, SummedPicksInputs } from '../types.ts';

export const summedPicksTensorflow: BackendKernel<SummedPicksInputs, SummedPicksAttrs> =
  addonKernel(owner, ({ inputs: { factors, sources, picks, starts } }) =>
    runAddonOp('NeverendSummedPicks', [factors, sources, picks, starts], 1),
  );
