export {
  AdamW,
  type AdamWOptions,
  type AdamWSlot,
  type NamedTensor,
  type ParameterGroup,
} from './adamw.ts';
export { clipByGlobalNorm, globalNorm } from './global-norm.ts';
export { type WarmupCosineOptions, warmupCosine } from './warmup-cosine.ts';
