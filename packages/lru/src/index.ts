export { complexLinearScan, type LinearScanOptions, linearScan } from './scan/index.ts';
export type { Complex } from './types.ts';
