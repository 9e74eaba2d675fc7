import { expectKernelsAgree } from '@neverend/backend/testing';
import '../src/index.ts';

await expectKernelsAgree(
  (backend) => [
    'NeverendBiasGelu',
    'NeverendBiasGeluGrad',
    'NeverendGatherRows',
    'NeverendGelu',
    'NeverendGeluGrad',
    'NeverendLayerNorm',
    'NeverendLayerNormGrad',
    ...(backend === 'wasm' ? ['NeverendMatMul'] : []),
    'NeverendRmsNorm',
    'NeverendRmsNormGrad',
    'NeverendScatterAddRows',
    'NeverendSetRows',
    'NeverendSoftmax',
    'NeverendSoftmaxGrad',
  ],
  // The composites of 65,537 rows take a GPU in software most of a minute.
  process.env['NEVEREND_LONG'] ? ['wasm', 'tensorflow', 'webgpu'] : ['wasm', 'tensorflow'],
);
