export { describeBackends } from './describe-backends.ts';
export { type ExpectedTensor, expectClose, expectTensorClose } from './expect-close.ts';
export { expectNoLeak } from './expect-no-leak.ts';
export { type Golden, type GoldenArray, readGolden } from './golden.ts';
export { numericGradient } from './numeric-gradient.ts';
export { poisonMemory } from './poison-memory.ts';
export { randomTensor } from './random-tensor.ts';
export { useSoftwareGpu } from './software-gpu.ts';
export { type Tolerance, tolerances } from './tolerance.ts';
