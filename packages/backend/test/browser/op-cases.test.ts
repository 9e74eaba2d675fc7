import { describeInBrowser } from '../../src/testing/op-cases/index.ts';
import { opCases } from '../op-cases.ts';

describeInBrowser(new URL('../op-cases.ts', import.meta.url), opCases, {
  all: process.env['NEVEREND_LONG'] === '1',
});
