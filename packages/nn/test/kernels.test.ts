import { backendNames } from '@neverend/backend';
import { expectKernelsAgree } from '@neverend/backend/testing';

await expectKernelsAgree(
  () => import('../src/index.ts'),
  (backend) => [
    'NeverendBiasGelu',
    'NeverendBiasGeluGrad',
    'NeverendGatherRows',
    'NeverendGelu',
    'NeverendGeluGrad',
    'NeverendLayerNorm',
    'NeverendLayerNormGrad',
    ...(backend === 'webgpu' ? [] : ['NeverendLinear', 'NeverendLinearAdd']),
    ...(backend === 'tensorflow' ? ['NeverendNormLinear'] : []),
    'NeverendRmsNorm',
    'NeverendRmsNormGrad',
    'NeverendScatterAddRows',
    'NeverendSetRows',
    'NeverendSoftmax',
    'NeverendSoftmaxGrad',
  ],
  { long: process.env['NEVEREND_LONG'] ? backendNames : ['wasm', 'tensorflow'] },
);
