export { complexScan, complexScanGrad } from './complex-scan.as';
export { linearScan, linearScanGrad } from './scan.as';
