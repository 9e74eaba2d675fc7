export { initLru, type LruArgs, lru } from './lru/index.ts';
export type { MaskOption } from './mask.ts';
export {
  initRecurrentBlock,
  type RecurrentBlockArgs,
  type RecurrentState,
  recurrentBlock,
} from './recurrent-block/index.ts';
export { gatedMlp, initGatedMlp } from './residual-block/gated-mlp.ts';
export {
  initResidualBlock,
  type ResidualBlockArgs,
  type ResidualBlockOptions,
  residualBlock,
} from './residual-block/index.ts';
export { complexRgLru, initComplexRgLru } from './rg-lru/complex.ts';
export type { DecayOptions } from './rg-lru/decay-power.ts';
export { initRgLru, rgLru } from './rg-lru/index.ts';
export type { RgLruArgs } from './rg-lru/init.ts';
export { complexLinearScan, type LinearScanOptions, linearScan } from './scan/index.ts';
export type { RecurrenceOptions, ReverseOption, SequenceOptions } from './sequence.ts';
export { initTemporalConv, temporalConv } from './temporal-conv/index.ts';
export type { Complex } from './types.ts';
