import { describeOpCases } from '@neverend/backend/testing';
import { opCases } from './op-cases.ts';

await describeOpCases(opCases);
