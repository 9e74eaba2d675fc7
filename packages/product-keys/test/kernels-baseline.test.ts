import { dirname } from 'node:path';
import { describeOnOlderProcessor } from '@neverend/backend/testing/op-cases';
import { describe } from 'vitest';
import { opCases } from './op-cases.ts';

describe.runIf(process.env['NEVEREND_LONG'] === '1')('in npm run test:long', () =>
  describeOnOlderProcessor(1, dirname(import.meta.dirname), opCases),
);
