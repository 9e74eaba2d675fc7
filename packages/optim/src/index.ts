export { AdamW, type AdamWOptions, type AdamWSlot } from './adamw.ts';
export { ExponentialMovingAverage } from './exponential-moving-average.ts';
export {
  type ClippedGradient,
  type ClippedGradients,
  clipByGlobalNorm,
  globalNorm,
  type NamedGradients,
} from './global-norm.ts';
export { Lion, type LionOptions, type LionSlot } from './lion.ts';
export { LazyAdam, type LazyAdamOptions } from './rows/lazy-adam.ts';
export { type HostRowGradient, mergeRows } from './rows/merge-rows.ts';
export { RowAdagrad, type RowAdagradOptions } from './rows/row-adagrad.ts';
export type { RowGradient } from './rows/row-gradient.ts';
export { type RowAverages, RowMovingAverage } from './rows/row-moving-average.ts';
export type { RowOptimizerSettings } from './rows/row-optimizer.ts';
export { RowSGD } from './rows/row-sgd.ts';
export { SGD, type SGDOptions, type SGDSlot } from './sgd.ts';
export type { NamedTensor, OptimizerSettings, ParameterGroup, Slot } from './slots.ts';
export { type WarmupCosineOptions, warmupCosine } from './warmup-cosine.ts';
