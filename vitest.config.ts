import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { defineConfig } from 'vitest/config';

// Packages resolve to their TypeScript sources, so that tests need no build.
const conditions = ['@neverend/source'];
// Absolute: a package's own `test` script runs in that package's folder.
const root = import.meta.dirname;
const folders = [
  ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name)),
  join(root, 'apps/demo'),
  join(root, 'benchmarks'),
  join(root, 'examples'),
  join(root, 'experiments'),
  join(root, 'tools'),
].filter((folder) => existsSync(join(folder, 'package.json')));

// What Vite makes of a source serves all projects of a run. None after it: another entry in a package.json would go unnoticed.
const modules = mkdtempSync(join(tmpdir(), 'neverend-vitest-'));
process.on('exit', () => rmSync(modules, { recursive: true, force: true }));

// Ms. Long tests with WebGPU in software may take minutes on a machine that does something else too.
const timeout = process.env['NEVEREND_LONG'] ? 600_000 : 120_000;

/**
 * The files of a package that share processes, one a worker: each alone would take seconds to load TensorFlow.js and to start the
 * backends of `describeBackends`. A file that changes what others would see has a line `// In a process of its own: <why>`.
 */
function sharing(folder: string): string[] {
  if (!existsSync(join(folder, 'test'))) return [];
  return readdirSync(join(folder, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('test', name).replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .filter((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      return text.includes('describeBackends(') && !/^\/\/ In a process of its own: /m.test(text);
    });
}

export default defineConfig({
  test: {
    experimental: { fsModuleCache: true, fsModuleCachePath: modules },
    // One more than there are processors, since some wait for a browser, a disk or a clock; with two more, threads that wait for
    // each other took longer. Each holds its own backends, which fill the memory before there are many.
    maxWorkers: Math.min(8, availableParallelism() + 1),
    projects: folders.flatMap((folder) => {
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const inside = relative(root, folder).replaceAll('\\', '/');
      const shared = sharing(folder).map((name) => `${inside}/${name}`);
      const project = (title: string, files: object) => ({
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: title,
          ...files,
          // A backend belongs to its process.
          pool: 'forks' as const,
          // A forgotten `it.only` would silence every other test of its file.
          allowOnly: false,
          testTimeout: timeout,
          hookTimeout: timeout,
        },
      });
      return [
        project(name, {
          include: [`${inside}/test/**/*.test.ts`],
          exclude: ['**/node_modules/**', ...shared],
        }),
        ...(shared.length > 0
          ? [project(`${name} in shared processes`, { include: shared, isolate: false })]
          : []),
      ];
    }),
  },
});
