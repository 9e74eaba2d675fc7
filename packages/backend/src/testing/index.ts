export { nameSoftwareGpu } from '../backends/software-gpu.ts';
export {
  geluBackwardNaive,
  geluErfBackwardNaive,
  geluErfNaive,
  geluNaive,
} from '../ops/gelu/naive.ts';
export {
  type LayerNormInputs,
  layerNormBackwardNaive,
  layerNormNaive,
} from '../ops/layer-norm/naive.ts';
export {
  type LinearInputs,
  linearBackwardNaive,
  linearNaive,
} from '../ops/linear/naive.ts';
export {
  type RmsNormInputs,
  type RmsNormOptions,
  rmsNormBackwardNaive,
  rmsNormNaive,
} from '../ops/rms-norm/naive.ts';
export { describeBackends } from './describe-backends.ts';
export { describeOpCases } from './describe-op-cases.ts';
export { expectCentralDifferences } from './expect-central-differences.ts';
export {
  type ExpectedTensor,
  expectClose,
  expectCloseToScale,
  expectTensorClose,
} from './expect-close.ts';
export { expectNoLeak } from './expect-no-leak.ts';
export { findChromium } from './find-chromium.ts';
export { type Golden, type GoldenArray, readGolden } from './golden.ts';
export { numericGradient, numericGradients } from './numeric-gradient.ts';
export {
  expectLikeReference,
  type Input,
  type Inputs,
  normalInput,
  numbers,
  type OpCase,
  toTensor,
  toTensors,
} from './op-case.ts';
export { poisonMemory } from './poison-memory.ts';
export { randomTensor } from './random-tensor.ts';
export { reloadModel } from './reload-model.ts';
export { expectThreadsShare, unitsTaken } from './threads-share.ts';
export {
  currentTolerance,
  officialTolerances,
  type Tolerance,
  tolerances,
} from './tolerance.ts';
