import { backendNames } from '@neverend/backend';
import { expectKernelsAgree } from '@neverend/backend/testing';
import '@neverend/nn';

await expectKernelsAgree(
  () => import('../src/index.ts'),
  () => [
    ...['NeverendAdamW', 'NeverendLion', 'NeverendSgd', 'NeverendSgdMomentum'],
    ...['NeverendRowSgd', 'NeverendRowAdagrad', 'NeverendRowWiseAdagrad', 'NeverendLazyAdam'],
  ],
  { long: process.env['NEVEREND_LONG'] ? backendNames : ['wasm', 'tensorflow'] },
);
