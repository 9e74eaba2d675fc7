export { nameSoftwareGpu } from '../backends/software-gpu.ts';
export { trustKernels } from '../kernels/define-kernel.ts';
export { setAddonThreads } from '../tensorflow/addon.ts';
export { describeBackends, listed as listedBackends, webgpuIfLong } from './describe-backends.ts';
export { describeLayers, type LayerExample } from './describe-layers.ts';
export { describeOpCases } from './describe-op-cases.ts';
export { expectArgumentsNamed } from './expect-arguments-named.ts';
export { expectCentralDifferences } from './expect-central-differences.ts';
export {
  type ExpectedTensor,
  expectClose,
  expectCloseToScale,
  expectTensorClose,
} from './expect-close.ts';
export { expectKernelsAgree } from './expect-kernels-agree.ts';
export { expectLearns } from './expect-learns.ts';
export { expectNoLeak } from './expect-no-leak.ts';
export { expectSameAfterReload } from './expect-same-after-reload.ts';
export { expectSecondGradients } from './expect-second-gradients.ts';
export { chromiumPath, findChromium, runsInBrowser } from './find-chromium.ts';
export { type Golden, type GoldenArray, readGolden } from './golden.ts';
export { layerParams } from './layer-params.ts';
export { numericGradient, numericGradients } from './numeric-gradient.ts';
export {
  expectLikeReference,
  type Input,
  type Inputs,
  type NamedCase,
  normalInput,
  numbers,
  type OpCase,
  toTensor,
  toTensors,
} from './op-case.ts';
export { poisonMemory } from './poison-memory.ts';
export { randomTensor } from './random-tensor.ts';
export { reloadModel } from './reload-model.ts';
export { storedNpz } from './stored-npz.ts';
export { expectThreadsShare, unitsTaken } from './threads-share.ts';
export {
  currentTolerance,
  officialTolerances,
  type Tolerance,
  tolerances,
} from './tolerance.ts';
export { trainModel } from './train-model.ts';
