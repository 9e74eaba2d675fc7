import { expectKernelsAgree } from '../../src/testing/index.ts';

await expectKernelsAgree(undefined, (backend) => (backend === 'wasm' ? ['NeverendMatMul'] : []), {
  long: ['wasm'],
});
