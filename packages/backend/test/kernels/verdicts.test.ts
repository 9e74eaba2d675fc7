import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { fileStore } from '../../src/kernels/verdict-store.ts';

const here = { name: 'wasm', version: '4.22.0', device: 'CPU, 2 threads', build: '' };
const gelu = { name: 'Gelu', code: 'abc' };
let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'neverend-verdicts-'));
  file = join(folder, 'cache', 'verdicts.json');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

/** The verdicts as a process of its own has them. */
async function processOn(surroundings = here, code: string | null = 'backend') {
  vi.resetModules();
  const verdicts = await import('../../src/kernels/verdicts.ts');
  verdicts.openVerdicts(code ?? undefined, () => fileStore(() => file));
  await verdicts.useVerdicts(surroundings, code ?? undefined);
  return verdicts;
}

/** What a second process knows of gelu that a first one has compared. */
async function later(change: Partial<typeof here> = {}, code = 'backend', subject = gelu) {
  (await processOn()).remember('wasm', gelu, { agreed: 'gradient' });
  vi.runAllTimers();
  return (await processOn({ ...here, ...change }, code)).recall(change.name ?? 'wasm', subject);
}

it('are known to later processes, agreement and difference', async () => {
  expect(await later()).toEqual({ agreed: 'gradient' });
  const { remember } = await processOn();
  remember('wasm', { name: 'Scan', code: 'abc' }, { reason: 'output 0 was 1, not 2' });
  vi.runAllTimers();
  const { recall } = await processOn();
  expect(recall('wasm', { name: 'Scan', code: 'abc' })).toEqual({
    reason: 'output 0 was 1, not 2',
  });
  expect(recall('wasm', gelu)).toEqual({ agreed: 'gradient' });
});

it('hold for one version, device, build, backend, package and kernel', async () => {
  expect(await later({ version: '4.23.0' })).toBeUndefined();
  expect(await later({ device: 'CPU, 3 threads' })).toBeUndefined();
  expect(await later({ build: '2.21.0' })).toBeUndefined();
  expect(await later({ name: 'webgpu' })).toBeUndefined();
  expect(await later({}, 'other')).toBeUndefined();
  expect(await later({}, 'backend', { ...gelu, code: 'abd' })).toBeUndefined();
  expect(await later({}, 'backend', { ...gelu, name: 'Scan' })).toBeUndefined();
});

it('hold for one machine and one version of the host', async () => {
  const cpus = vi.spyOn(process.getBuiltinModule('node:os'), 'cpus');
  cpus.mockReturnValue([{ model: 'abacus 1' }] as never);
  expect(await later()).toEqual({ agreed: 'gradient' });
  cpus.mockReturnValue([{ model: 'abacus 2' }] as never);
  expect((await processOn()).recall('wasm', gelu)).toBeUndefined();
  cpus.mockReturnValue([{ model: 'abacus 1' }] as never);
  expect((await processOn()).recall('wasm', gelu)).toEqual({ agreed: 'gradient' });
  const versions = { ...process.versions, v8: '1.0' };
  vi.spyOn(process, 'versions', 'get').mockReturnValue(versions);
  expect((await processOn()).recall('wasm', gelu)).toBeUndefined();
});

it('are neither read nor written by a checkout, which has no hash of its code', async () => {
  expect(await later({}, 'backend', { name: 'Gelu', code: undefined as never })).toBeUndefined();
  const before = readFileSync(file, 'utf8');
  const checkout = await processOn(here, null);
  expect(checkout.recall('wasm', gelu)).toBeUndefined();
  checkout.remember('wasm', gelu, { agreed: 'all' });
  vi.runAllTimers();
  expect(readFileSync(file, 'utf8')).toBe(before);
});

it.each(['', '{"a"', '[]', 'null', '7', '{"key":null}'])(
  'survive a file that holds %j, and write it anew',
  async (text) => {
    await later();
    writeFileSync(file, text);
    expect((await processOn()).recall('wasm', gelu)).toBeUndefined();
    expect(await later()).toEqual({ agreed: 'gradient' });
  },
);

it('take nothing from a record that is none', async () => {
  await later();
  const [key] = Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object);
  for (const record of [null, 7, 'agreed', {}, { code: 'abc' }, { code: 'abc', agreed: 'much' }]) {
    writeFileSync(file, JSON.stringify({ [String(key)]: { Gelu: record } }));
    expect((await processOn()).recall('wasm', gelu)).toBeUndefined();
  }
});

it('do without a folder that cannot be written, or is a file', async () => {
  writeFileSync(join(folder, 'cache'), 'a file');
  expect(await later()).toBeUndefined();
  rmSync(join(folder, 'cache'));
  // Root may write everywhere.
  chmodSync(folder, 0o500);
  if (process.getuid?.() !== 0) expect(await later()).toBeUndefined();
  chmodSync(folder, 0o700);
  expect(await later()).toEqual({ agreed: 'gradient' });
});

it('do without a folder that nobody knows', async () => {
  const nowhere = fileStore(() => {
    throw new Error('no home');
  });
  await expect(nowhere.read()).rejects.toThrow('no home');
  expect(() => nowhere.update((old) => old)).not.toThrow();
});

it('of two processes are added up, whole or not at all', async () => {
  const [one, other] = [await processOn(), await processOn()];
  one.remember('wasm', gelu, { agreed: 'gradient' });
  other.remember('wasm', { name: 'Scan', code: 'abc' }, { agreed: 'forward' });
  vi.runAllTimers();
  const { recall } = await processOn();
  expect(recall('wasm', gelu)).toEqual({ agreed: 'gradient' });
  expect(recall('wasm', { name: 'Scan', code: 'abc' })).toEqual({ agreed: 'forward' });
  expect(readdirSync(join(folder, 'cache'))).toEqual(['verdicts.json']);
});

it('of machines and versions that are gone are dropped', async () => {
  for (let version = 0; version < 20; version++) {
    (await processOn({ ...here, version: String(version) })).remember('wasm', gelu, {
      agreed: 'all',
    });
    vi.runAllTimers();
  }
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object)).toHaveLength(16);
  expect((await processOn({ ...here, version: '19' })).recall('wasm', gelu)).toEqual({
    agreed: 'all',
  });
  expect(existsSync(file)).toBe(true);
});
