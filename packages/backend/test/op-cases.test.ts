import { describeOpCases } from '../src/testing/index.ts';
import { opCases } from './op-cases.ts';

await describeOpCases(opCases);
