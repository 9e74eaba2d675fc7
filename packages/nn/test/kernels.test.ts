import { expectKernelsAgree } from '@neverend/backend/testing';
import '../src/index.ts';

await expectKernelsAgree((backend) => [
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
]);
