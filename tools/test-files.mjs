import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { workspacePackages } from './packages.mjs';
import { root } from './workspace.mjs';

/** Whether a file's tests run only where NEVEREND_LONG is set. */
export const isLong = (/** @type {string} */ file) =>
  /process\.env(\.|\[')NEVEREND_LONG\b/.test(readFileSync(file, 'utf8'));

/**
 * The test files of a package, by their paths in the workspace, as vitest takes them on every system.
 * @param {string} folder of the package
 * @param {(file: string) => boolean} holds takes the file's whole path
 */
function testFiles(folder, holds) {
  return readdirSync(join(folder, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, 'test', name))
    .filter(holds)
    .map((file) => relative(root, file).replaceAll(sep, '/'))
    .sort();
}

/** The test files of operations: they compute on each backend. The backend's own know of kernels, and of no operation. */
export const operationFiles = () =>
  workspacePackages()
    .filter(({ manifest }) => manifest.name !== '@neverend/backend')
    .flatMap(({ folder }) =>
      testFiles(folder, (file) => readFileSync(file, 'utf8').includes('describeBackends(')),
    );

/** Short names of the packages that have long test files, each with these. */
export const longFiles = () =>
  workspacePackages()
    .map(({ folder, manifest }) => ({
      name: manifest.name.replace('@neverend/', ''),
      files: testFiles(folder, isLong),
    }))
    .filter(({ files }) => files.length > 0);
