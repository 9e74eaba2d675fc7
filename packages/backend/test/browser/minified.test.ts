import { describe } from 'vitest';
import { runsInBrowser } from '../../src/testing/find-chromium.ts';
import { describePages } from './describe-pages.ts';

describe.runIf(runsInBrowser())('the backend in pages', () => {
  describePages('vite', 'all');
  describePages('esbuild', 'first');
});
