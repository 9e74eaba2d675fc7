import { describe } from 'vitest';
import { runsInBrowser } from '../../src/testing/find-chromium.ts';
import { describePages } from './describe-pages.ts';

// The same pages as in minified.test.ts by a third bundler, which takes a minute: in `npm run test:long`.
const long = process.env['NEVEREND_LONG'] === '1';

describe.runIf(runsInBrowser() && long)('the backend in pages', () => {
  describePages('webpack', 'all');
});
