export { AdamW, type AdamWOptions } from './adamw.ts';
export { ExponentialMovingAverage } from './exponential-moving-average.ts';
export {
  type ClippedGradient,
  type ClippedGradients,
  clipByGlobalNorm,
  globalNorm,
  type NamedGradients,
} from './global-norm.ts';
export { Lion, type LionOptions } from './lion.ts';
export type { NamedState } from './optimizer-state.ts';
export { LazyAdam, type LazyAdamOptions } from './rows/lazy-adam.ts';
export { type HostRowGradient, mergeRows } from './rows/merge-rows.ts';
export { RowAdagrad, type RowAdagradOptions } from './rows/row-adagrad.ts';
export type { RowGradient } from './rows/row-gradient.ts';
export { RowMovingAverage } from './rows/row-moving-average.ts';
export type { RowOptimizerSettings } from './rows/row-optimizer.ts';
export { RowSGD } from './rows/row-sgd.ts';
export { type RowStore, variableRows } from './rows/row-store.ts';
export type { Tables } from './rows/table.ts';
export type { RowStorageSettings, StateTensor } from './rows/table-states.ts';
export type { NamedTensor, OptimizerSettings, ParameterGroup } from './settings.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export { type WarmupCosineOptions, warmupCosine } from './warmup-cosine.ts';
