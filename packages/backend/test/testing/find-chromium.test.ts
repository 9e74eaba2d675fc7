import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { findChromium } from '../../src/testing/index.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'neverend-chromium-'));
  for (const name of ['first', 'second']) mkdirSync(join(folder, name));
  vi.stubEnv('CHROMIUM_PATH', undefined);
  vi.stubEnv('PATH', ['first', 'second'].map((name) => join(folder, name)).join(delimiter));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function install(...parts: string[]): string {
  const path = join(folder, ...parts);
  writeFileSync(path, '');
  return path;
}

it('takes the first one on the search path, under any of its names', () => {
  expect(findChromium()).toBeUndefined();
  const last = install('second', 'chromium');
  expect(findChromium()).toBe(last);
  install('first', 'firefox');
  expect(findChromium()).toBe(last);
  const first = install('first', 'google-chrome');
  expect(findChromium()).toBe(first);
});

it('takes the one that CHROMIUM_PATH names, and no other where that is not there', () => {
  install('first', 'chromium');
  vi.stubEnv('CHROMIUM_PATH', install('own-build'));
  expect(findChromium()).toBe(join(folder, 'own-build'));
  vi.stubEnv('CHROMIUM_PATH', join(folder, 'nowhere'));
  expect(findChromium()).toBeUndefined();
});
