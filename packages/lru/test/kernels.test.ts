import { backendNames } from '@neverend/backend';
import { expectKernelsAgree } from '@neverend/backend/testing';
import '@neverend/nn';

await expectKernelsAgree(
  () => import('../src/index.ts'),
  (backend) => [
    'NeverendComplexScan',
    'NeverendComplexScanGrad',
    ...(backend === 'webgpu' ? [] : ['NeverendGatedRecurrence']),
    'NeverendLinearScan',
    'NeverendLinearScanGrad',
    ...(backend === 'tensorflow' ? ['NeverendRecurrentBlock'] : []),
    'NeverendRgLruGates',
    'NeverendRgLruGatesGrad',
    'NeverendTemporalConv',
    'NeverendTemporalConvGrad',
  ],
  // The doctor compares the long cases of the scans, which take half a minute, on wasm and tensorflow.
  { long: process.env['NEVEREND_LONG'] ? backendNames : [] },
);
