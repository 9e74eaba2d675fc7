import { dirname } from 'node:path';
import { describeOnOlderProcessor } from '@neverend/backend/testing/op-cases';
import { opCases } from './op-cases.ts';

describeOnOlderProcessor(3, dirname(import.meta.dirname), opCases);
