export { linearScan, linearScanGrad } from './scan.as';
