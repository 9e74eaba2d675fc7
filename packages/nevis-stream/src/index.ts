export { FlopCounter, kernelFlops, type StockKernelCall as KernelCall } from '@neverend/backend';
export { RunError } from '@neverend/checkpoint/node';
export type { Examples } from './data/array-dataset.ts';
export { DataError } from './data/data-error.ts';
export type { BaseSplit } from './data/splits.ts';
export type {
  EventRecord,
  LedgerJson,
  PredictionRecord,
  TrainingRecord,
} from './environment/records.ts';
export type { RunConfig } from './environment/run-config.ts';
export type { RunOptions } from './environment/run-options.ts';
export { runStream } from './environment/run-stream.ts';
export {
  type Backbone,
  type Params,
  pixelBackbone,
  type VitOptions,
  vitBackbone,
} from './learners/backbone.ts';
export type { SearchSettings } from './learners/search-task.ts';
export {
  finetunePreviousLearner,
  independentLearner,
  type TransferLearnerOptions,
} from './learners/transfer-learner.ts';
export type { TrainingSettings } from './learners/trial.ts';
export * from './metrics/index.ts';
export { type Preset, presets } from './presets.ts';
export * from './report/index.ts';
export {
  createLearner,
  type LearnerSettings,
  type RunSettings,
  type StreamSettings,
} from './settings.ts';
export {
  makeStream,
  type SplitLimits,
  type StreamContent,
  type StreamOptions,
  type TaskData,
  type TaskExamples,
} from './streams/make-stream.ts';
export { type NevisOpenOptions, openNevisOpen } from './streams/open-nevis-open.ts';
export * from './types.ts';
