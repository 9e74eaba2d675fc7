export { AdamW } from './adamw.ts';
export type { AdamWOptions, AdamWSlot, NamedTensor, ParameterGroup } from './adamw-options.ts';
export { clipByGlobalNorm, globalNorm } from './global-norm.ts';
export { type WarmupCosineOptions, warmupCosine } from './warmup-cosine.ts';
