export { gzippedBytes } from '../text/baselines/gzip.ts';
export { WittenBell } from '../text/baselines/witten-bell.ts';
export { dataSetNames } from '../text/node/data-sets.ts';
export { readTexts, type Texts } from '../text/node/read-texts.ts';
export {
  type Cut,
  type SplitOptions,
  splitDocuments,
  type TextSplit,
} from '../text/split-documents.ts';
export { bytesOfTokens, type TokenStream, tokenStream } from '../text/token-stream.ts';
export {
  type TestOptions,
  type TestWindows,
  testWindows,
  trainingWindows,
  type Windows,
} from '../text/windows.ts';
export { type EvaluateOptions, type Evaluation, evaluateLanguageModel } from './evaluate.ts';
export { loadLanguageModel, type SavedModel, saveLanguageModel } from './model-folder.ts';
export type { TableOptimizer, TrainSettings } from './train-defaults.ts';
export { checkTraining, trainLanguageModel } from './train-language-model.ts';
export type {
  StepEvaluation,
  TrainingProgress,
  TrainingResult,
  TrainOptions,
} from './train-options.ts';
export { usageOfBlocks } from './usage-of-blocks.ts';
