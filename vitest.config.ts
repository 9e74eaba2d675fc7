import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

// Packages resolve to their TypeScript sources, so that tests need no build.
const conditions = ['@neverend/source'];
// Absolute: a package's own `test` script runs in that package's folder.
const root = import.meta.dirname;
const folders = [
  ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name)),
  join(root, 'benchmarks'),
  join(root, 'examples'),
  join(root, 'tools'),
].filter((folder) => existsSync(join(folder, 'package.json')));

export default defineConfig({
  test: {
    // Each worker holds its own backends; more of them than this fill the memory first.
    maxWorkers: Math.min(8, availableParallelism()),
    projects: folders.map((folder) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).name as string,
        root: folder,
        include: ['test/**/*.test.ts'],
        // A backend belongs to its process; files must not share one.
        pool: 'forks',
        // A forgotten `it.only` would silence every other test of its file.
        allowOnly: false,
        testTimeout: 120_000,
        hookTimeout: 120_000,
      },
    })),
  },
});
