import { backendNames } from '@neverend/backend';
import { expectKernelsAgree } from '@neverend/backend/testing';
import '@neverend/nn';

await expectKernelsAgree(
  () => import('../src/index.ts'),
  (backend) => [
    ...['NeverendTopPairs', 'NeverendTopPairsGrad', 'NeverendTableGrad'],
    // In WGSL it is TensorFlow.js' product, and the top of it.
    ...(backend === 'webgpu' ? [] : ['NeverendTopProducts']),
    ...['NeverendWeightedRows', 'NeverendRowProducts', 'NeverendSummedPicks'],
  ],
  { long: process.env['NEVEREND_LONG'] ? backendNames : ['wasm', 'tensorflow'] },
);
