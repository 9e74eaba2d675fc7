import { expectKernelsAgree } from '../../src/testing/index.ts';

await expectKernelsAgree((backend) => (backend === 'wasm' ? ['NeverendMatMul'] : []));
