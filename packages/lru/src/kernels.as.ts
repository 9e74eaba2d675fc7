export { complexScan, complexScanGrad } from './scan/kernels/complex-scan.as';
export { sumColumns } from '@neverend/backend/assembly/sums.as';
export { rgLruGates, rgLruGatesGrad } from './rg-lru/kernels/gates.as';
export { linearScan, linearScanGrad } from './scan/kernels/scan.as';
export { temporalConv, temporalConvGrad } from './temporal-conv/kernels/temporal-conv.as';
