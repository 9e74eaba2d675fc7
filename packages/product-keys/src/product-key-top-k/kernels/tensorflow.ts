import type { BackendKernel } from '@neverend/backend';
import { addonKernel, runAddonOp } from '@neverend/backend/kernels';
import owner from '../../../package.json' with { type: 'json' };
import type {
  TopPairsAttrs,
  TopPairsGradAttrs,
  TopPairsGradInputs,
  TopPairsInputs,
} from '../types.ts';

export const topPairsTensorflow: BackendKernel<TopPairsInputs, TopPairsAttrs> = addonKernel(
  owner,
  ({ inputs: { a, b, items }, attrs: { k, numbered } }) =>
    runAddonOp('NeverendTopPairs', [a, b, items], 2, { k: BigInt(k), numbered }),
);

export const topPairsGradTensorflow: BackendKernel<TopPairsGradInputs, TopPairsGradAttrs> =
  addonKernel(owner, ({ inputs: { dsums, pairs, items }, attrs: { n, m, numbered } }) =>
    runAddonOp('NeverendTopPairsGrad', [dsums, pairs, items], 2, {
      n: BigInt(n),
      m: BigInt(m),
      numbered,
    }),
  );
