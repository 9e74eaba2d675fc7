export { matMulCases as opCases } from './mat-mul-cases.ts';
