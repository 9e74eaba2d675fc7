import { describeInBrowser } from '@neverend/backend/testing/op-cases';
import { opCases } from './op-cases.ts';

describeInBrowser(new URL('./op-cases.ts', import.meta.url), opCases, {
  withoutWgsl: ['NeverendTopProducts'],
  all: process.env['NEVEREND_LONG'] === '1',
});
