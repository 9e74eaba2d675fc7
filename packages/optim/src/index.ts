export { AdamW, type AdamWOptions, type AdamWSlot } from './adamw.ts';
export { clipByGlobalNorm, globalNorm } from './global-norm.ts';
export { Lion, type LionOptions, type LionSlot } from './lion.ts';
export { SGD, type SGDOptions, type SGDSlot } from './sgd.ts';
export type { NamedTensor, OptimizerSettings, ParameterGroup, Slot } from './slots.ts';
export { type WarmupCosineOptions, warmupCosine } from './warmup-cosine.ts';
