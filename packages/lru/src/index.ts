export type { Params } from './params.ts';
export { initRgLru, rgLru } from './rg-lru/index.ts';
export type { RgLruArgs } from './rg-lru/init.ts';
export { complexLinearScan, type LinearScanOptions, linearScan } from './scan/index.ts';
export type { SequenceOptions } from './sequence.ts';
export { initTemporalConv, temporalConv } from './temporal-conv/index.ts';
export type { Complex } from './types.ts';
