import { backendNames } from '@neverend/backend';
import { expectKernelsAgree } from '@neverend/backend/testing';
import '@neverend/nn';

await expectKernelsAgree(
  () => import('../src/index.ts'),
  (backend) => [
    'NeverendAttention',
    'NeverendAttentionGrad',
    ...(backend === 'tensorflow' ? ['NeverendEncoderBlock'] : []),
  ],
  { long: process.env['NEVEREND_LONG'] ? backendNames : ['wasm', 'tensorflow'] },
);
