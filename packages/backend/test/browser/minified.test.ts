import { describe } from 'vitest';
import { runsInBrowser } from '../../src/testing/op-cases/open-site.ts';
import { describePages } from './describe-pages.ts';

describe.runIf(runsInBrowser)('the backend in pages', () => {
  describePages('vite', 'all');
  describePages('esbuild', 'first');
});
