import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataError } from '../../src/data/data-error.ts';
import { readPrepared } from '../../src/data/prepared-file.ts';

const content = Uint8Array.from({ length: 100_000 }, (_, at) => at % 251);
const sha256 = createHash('sha256').update(content).digest('hex');

let folder: string;
let path: string;
const make = vi.fn(async () => content.slice());
const warn = vi.fn();
const prepare = async (): Promise<Buffer> => Buffer.from(await readPrepared(path, sha256, make, warn));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepared-'));
  path = join(folder, 'cache', 'data.bin');
  make.mockClear();
  warn.mockClear();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('makes the content once, and reads it from then on', async () => {
  expect((await prepare()).equals(content)).toBe(true);
  expect((await prepare()).equals(content)).toBe(true);
  expect(make).toHaveBeenCalledTimes(1);
  expect(await readdir(join(folder, 'cache'))).toEqual(['data.bin']);
});

describe('a damaged file', () => {
  it.each([
    ['with a changed byte', content.with(70_000, 255)],
    ['cut short', content.slice(0, 99_999)],
    ['with more at its end', Uint8Array.of(...content.slice(0, 1000), ...content)],
    ['that is empty', new Uint8Array()],
  ])('%s is made again', async (_, damaged) => {
    await prepare();
    await writeFile(path, damaged);
    expect((await prepare()).equals(content)).toBe(true);
    expect(make).toHaveBeenCalledTimes(2);
    expect((await readFile(path)).equals(content)).toBe(true);
  });
});

it('is safe when several prepare at once', async () => {
  const results = await Promise.all(Array.from({ length: 8 }, prepare));
  for (const result of results) expect(result.equals(content)).toBe(true);
  expect(await readdir(join(folder, 'cache'))).toEqual(['data.bin']);
});

it('refuses content other than the expected, and does not keep it', async () => {
  const wrong = readPrepared(path, sha256, async () => content.with(0, 9), warn);
  await expect(wrong).rejects.toThrow(DataError);
  await expect(wrong).rejects.toThrow(`which must be ${sha256}`);
  await expect(readFile(path)).rejects.toThrow('ENOENT');
});

it('goes on with what it made where nothing can be written, and says so once', async () => {
  await writeFile(join(folder, 'cache'), 'a file where the folder should be');
  expect((await prepare()).equals(content)).toBe(true);
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/cache.data\.bin cannot be written and is made again next time: \S.*$/)],
  ]);
});

it('goes on where something abandoned cannot be removed', async () => {
  const left = join(folder, 'cache', '.data.bin.1-a.part');
  // Files alone are removed.
  await mkdir(left, { recursive: true });
  const old = new Date(Date.now() - 2 * 3_600_000);
  await utimes(left, old, old);
  expect((await prepare()).equals(content)).toBe(true);
  expect((await readFile(path)).equals(content)).toBe(true);
  expect(warn).not.toHaveBeenCalled();
});

it('removes what a killed process left more than an hour ago, and nothing else', async () => {
  await prepare();
  const names = ['.data.bin.1-a.part', '.data.bin.2-b.part', '.other.bin.3-c.part'];
  for (const name of names) await writeFile(join(folder, 'cache', name), 'left');
  const old = new Date(Date.now() - 2 * 3_600_000);
  for (const name of names.slice(1)) await utimes(join(folder, 'cache', name), old, old);
  await writeFile(path, 'damaged');
  await prepare();
  expect((await readdir(join(folder, 'cache'))).sort()).toEqual(
    ['.data.bin.1-a.part', '.other.bin.3-c.part', 'data.bin'].sort(),
  );
});

// Ends itself by SIGKILL at a moment: before the content is made, written, or renamed, or after the rename.
const child = await bundleForNode(new URL('prepare-and-die.ts', import.meta.url));

describe('a process that is killed', () => {
  const die = (moment: string): void => {
    const { signal, stderr } = spawnSync(
      process.execPath,
      [child, path, sha256, moment],
      { encoding: 'utf8' },
    );
    expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
  };

  it.each(['make', 'open', 'rename'])(
    'at "%s" leaves no file, and the next makes it',
    async (moment) => {
      die(moment);
      await expect(readFile(path)).rejects.toThrow('ENOENT');
      expect((await prepare()).equals(content)).toBe(true);
      expect(make).toHaveBeenCalledTimes(1);
    },
  );

  it('at "renamed" leaves the whole file', async () => {
    die('renamed');
    expect((await prepare()).equals(content)).toBe(true);
    expect(make).not.toHaveBeenCalled();
  });

  it('while it mends a damaged file leaves one that is mended later', async () => {
    await prepare();
    await writeFile(path, randomUUID());
    die('rename');
    expect((await prepare()).equals(content)).toBe(true);
    expect(make).toHaveBeenCalledTimes(2);
  });
});
