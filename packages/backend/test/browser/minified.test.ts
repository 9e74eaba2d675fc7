import { describe } from 'vitest';
import { describePages } from './describe-pages.ts';
import { runsInBrowser } from './open-site.ts';

describe.runIf(runsInBrowser)('the backend in pages', () => {
  describePages('vite', 'all');
  describePages('esbuild', 'first');
});
