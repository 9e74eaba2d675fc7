import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Packages resolve to their TypeScript sources, so that tests need no build.
const conditions = ['@neverend/source'];
const folders = [...readdirSync('packages').map((name) => `packages/${name}`), 'tools'].filter(
  (folder) => existsSync(`${folder}/package.json`),
);
const long = process.env['NEVEREND_LONG'] !== undefined;

export default defineConfig({
  test: {
    // Each worker holds its own backends; more of them than this fill the memory first.
    maxWorkers: Math.min(8, availableParallelism()),
    projects: folders.map((folder) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name: JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).name as string,
        root: folder,
        include: ['test/**/*.test.ts', ...(long ? ['test/**/*.long.ts'] : [])],
        // A backend belongs to its process; files must not share one.
        pool: 'forks',
        testTimeout: long ? 3_600_000 : 120_000,
        hookTimeout: 120_000,
      },
    })),
  },
});
