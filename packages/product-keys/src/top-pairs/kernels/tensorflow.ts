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
  ({ inputs: { a, b, items, others }, attrs: { k, size, numbered } }) =>
    runAddonOp('NeverendTopPairs', [a, b, items, others], 2, {
      k: BigInt(k),
      size: BigInt(size),
      numbered: BigInt(numbered),
    }),
);

export const topPairsGradTensorflow: BackendKernel<TopPairsGradInputs, TopPairsGradAttrs> =
  addonKernel(
    owner,
    ({ inputs: { dsums, pairs, items, others }, attrs: { n, m, size, numbered } }) =>
      runAddonOp('NeverendTopPairsGrad', [dsums, pairs, items, others], 2, {
        n: BigInt(n),
        m: BigInt(m),
        size: BigInt(size),
        numbered: BigInt(numbered),
      }),
  );
