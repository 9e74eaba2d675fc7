import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

// Packages resolve to their TypeScript sources, so that tests need no build.
const conditions = ['@neverend/source'];
const folders = [...readdirSync('packages').map((name) => `packages/${name}`), 'tools'].filter(
  (folder) => existsSync(`${folder}/package.json`),
);

export default defineConfig({
  test: {
    projects: folders.map((folder) => ({
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name: JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).name as string,
        root: folder,
        include: ['test/**/*.test.ts'],
        // A backend belongs to its process; files must not share one.
        pool: 'forks',
        testTimeout: 120_000,
        hookTimeout: 120_000,
      },
    })),
  },
});
