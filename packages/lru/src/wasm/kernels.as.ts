export { complexScan, complexScanGrad } from './complex-scan.as';
export { sumColumns } from '@neverend/backend/src/wasm/kernels/sums.as';
export { rgLruGates, rgLruGatesGrad } from './gates.as';
export { linearScan, linearScanGrad } from './scan.as';
export { temporalConv, temporalConvGrad } from './temporal-conv.as';
