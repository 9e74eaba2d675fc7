import { backendNames } from '@neverend/backend';
import { expectKernelsAgree } from '@neverend/backend/testing';

await expectKernelsAgree(
  () => import('../src/index.ts'),
  () => [
    ...['NeverendTopPairs', 'NeverendTopPairsGrad'],
    ...['NeverendWeightedRows', 'NeverendRowProducts', 'NeverendSummedPicks'],
  ],
  { long: process.env['NEVEREND_LONG'] ? backendNames : ['wasm', 'tensorflow'] },
);
