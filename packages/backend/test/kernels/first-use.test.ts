import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';

const fixture = fileURLToPath(new URL('../fixtures/first-use.ts', import.meta.url));
/** Beside the sources, so that the packages are found from it. */
const folder = mkdtempSync(fileURLToPath(new URL('../fixtures/built-', import.meta.url)));
const cache = join(folder, 'cache');
const file = join(cache, 'neverend', 'verdicts.json');

beforeAll(async () => {
  for (const code of ['one', 'two'])
    await bundle(code, { define: { 'import.meta.neverendCode': `"${code}"` } });
  await bundle('checkout');
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => rmSync(cache, { recursive: true, force: true }));

const bundle = (name: string, options = {}) =>
  build({
    entryPoints: [fixture],
    outfile: join(folder, `${name}.mjs`),
    ...{ bundle: true, format: 'esm', platform: 'node', packages: 'external' },
    ...options,
  });

/** How often the backend kernel ran in a process of its own before it served. */
function comparisons(name: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): number {
  const output = execFileSync(process.execPath, [join(folder, `${name}.mjs`), ...args], {
    env: { ...process.env, XDG_CACHE_HOME: cache, ...env },
    encoding: 'utf8',
  });
  return Number(output.trim().split('\n').at(-1));
}

it('a built package compares once on a machine, and again when its code changes or the file is broken', () => {
  expect(comparisons('one')).toBe(2);
  expect(existsSync(file)).toBe(true);
  expect(comparisons('one')).toBe(0);
  expect(comparisons('two')).toBe(2);
  writeFileSync(file, 'not JSON');
  expect(comparisons('one')).toBe(2);
  expect(comparisons('one')).toBe(0);
}, 120_000);

it('what asks for all cases compares whatever was found out before', () => {
  expect(comparisons('one')).toBe(2);
  expect(comparisons('one', ['all'])).toBe(2);
}, 120_000);

it('a checkout compares in each process, and keeps nothing', () => {
  expect(comparisons('checkout')).toBe(2);
  expect(existsSync(file)).toBe(false);
  expect(comparisons('checkout')).toBe(2);
}, 120_000);

it('a program that trusts compares nothing, and keeps nothing', () => {
  expect(comparisons('one', [], { NEVEREND_TRUST_KERNELS: '1' })).toBe(0);
  expect(existsSync(file)).toBe(false);
  expect(() => comparisons('one', [], { NEVEREND_TRUST_KERNELS: 'yes' })).toThrow(
    'NEVEREND_TRUST_KERNELS was "yes"; it must be 0 or 1',
  );
}, 120_000);
