import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeFileAtomic } from '../src/node.ts';

const leftover = /^\.state\.json\.[0-9a-f-]{36}\.part$/;
const program = (name: string) => [
  ...['--import', 'tsx', '--conditions=@neverend/source'],
  fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)),
];

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'checkpoint-'));
  path = join(folder, 'state.json');
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fs.rm(folder, { recursive: true });
});

/** The class of all file handles, to watch and to break. */
async function fileHandles(): Promise<fs.FileHandle> {
  const handle = await fs.open(folder, 'r');
  await handle.close();
  return Object.getPrototypeOf(handle) as fs.FileHandle;
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

describe('writeFileAtomic', () => {
  it('writes text and bytes, over an old file or none, and leaves nothing else', async () => {
    await writeFileAtomic(path, 'old ✓');
    expect(await fs.readFile(path, 'utf8')).toBe('old ✓');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3, 0).subarray(0, 3));
    expect([...(await fs.readFile(path))]).toEqual([1, 2, 3]);
    await writeFileAtomic(path, '');
    expect(await fs.readFile(path, 'utf8')).toBe('');
    expect(await fs.readdir(folder)).toEqual(['state.json']);
  });

  it('writes to a path without a folder', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      await writeFileAtomic('state.json', 'new');
    } finally {
      process.chdir(before);
    }
    expect(await fs.readFile(path, 'utf8')).toBe('new');
  });

  it('lets one of many writers at once win, whole', async () => {
    const contents = Array.from({ length: 12 }, (_, index) => `${index},`.repeat(50_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    expect(contents).toContain(await fs.readFile(path, 'utf8'));
    expect(await fs.readdir(folder)).toEqual(['state.json']);
  });

  it('replaces a symbolic link and leaves its target', async () => {
    const target = join(folder, 'target');
    await fs.writeFile(target, 'old');
    await fs.symlink(target, path);
    await writeFileAtomic(path, 'new');
    expect(await fs.readFile(path, 'utf8')).toBe('new');
    expect(await fs.readFile(target, 'utf8')).toBe('old');
  });

  it('syncs the file before it takes the name, and the folder after', async () => {
    const handles = await fileHandles();
    const atSync: string[][] = [];
    const sync = handles.sync;
    vi.spyOn(handles, 'sync').mockImplementation(async function (this: fs.FileHandle) {
      const kind = (await this.stat()).isDirectory() ? 'folder' : 'file';
      const named = await fs.readFile(path, 'utf8').catch(() => 'nothing');
      atSync.push([kind, named]);
      await sync.call(this);
    });
    await writeFileAtomic(path, 'new');
    expect(atSync).toEqual([
      ['file', 'nothing'],
      ['folder', 'new'],
    ]);
  });

  it.each(['writeFile', 'sync'] as const)(
    'keeps the old content and cleans up when %s fails',
    async (method) => {
      await writeFileAtomic(path, 'old');
      vi.spyOn(await fileHandles(), method).mockRejectedValueOnce(failure('ENOSPC'));
      await expect(writeFileAtomic(path, 'new')).rejects.toThrow('ENOSPC: simulated');
      expect(await fs.readFile(path, 'utf8')).toBe('old');
      expect(await fs.readdir(folder)).toEqual(['state.json']);
      await writeFileAtomic(path, 'new');
      expect(await fs.readFile(path, 'utf8')).toBe('new');
    },
  );

  it('cleans up when the name is taken by a folder', async () => {
    await fs.mkdir(path);
    await expect(writeFileAtomic(path, 'new')).rejects.toMatchObject({
      code: expect.stringMatching(/^(EISDIR|EPERM)$/),
    });
    expect(await fs.readdir(folder)).toEqual(['state.json']);
  });

  it('tells that the folder does not exist', async () => {
    await expect(writeFileAtomic(join(folder, 'no', 'state.json'), 'new')).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  it('tells that the new content may not be durable when the folder cannot be synced', async () => {
    await writeFileAtomic(path, 'old');
    const handles = await fileHandles();
    const sync = handles.sync;
    vi.spyOn(handles, 'sync').mockImplementation(async function (this: fs.FileHandle) {
      if ((await this.stat()).isDirectory()) throw failure('EIO');
      await sync.call(this);
    });
    await expect(writeFileAtomic(path, 'new')).rejects.toThrow('EIO: simulated');
    expect(await fs.readFile(path, 'utf8')).toBe('new');
  });
});

describe('a process that is killed in writeFileAtomic', () => {
  const old = 'old '.repeat(1000);
  const fresh = 'new! '.repeat(1000);
  const moments: Record<string, 'old' | 'new'> = {
    opened: 'old',
    'half written': 'old',
    written: 'old',
    synced: 'old',
    'before rename': 'old',
    renamed: 'new',
    'folder opened': 'new',
    'folder synced': 'new',
  };

  it.each(Object.entries(moments))('leaves, once %s, the %s content', async (moment, content) => {
    await fs.writeFile(path, old);
    const { signal, stderr } = spawnSync(
      process.execPath,
      [...program('write-and-die.ts'), path, fresh, moment],
      { encoding: 'utf8' },
    );
    expect({ signal, stderr }).toEqual({ signal: 'SIGKILL', stderr: '' });
    expect(await fs.readFile(path, 'utf8')).toBe(content === 'old' ? old : fresh);
    const others = (await fs.readdir(folder)).filter((name) => name !== 'state.json');
    expect(others).toHaveLength(content === 'old' ? 1 : 0);
    for (const name of others) expect(name).toMatch(leftover);
    // What is left does not stand in the way.
    await writeFileAtomic(path, 'after');
    expect(await fs.readFile(path, 'utf8')).toBe('after');
  });

  it('leaves a whole file at any moment', async () => {
    for (const delay of [0, 1, 3, 7, 13]) {
      const child = spawn(process.execPath, [...program('write-over-and-over.ts'), path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await once(child, 'exit');
      const content = await fs.readFile(path, 'utf8');
      expect(content).toBe((content[0] ?? '').repeat(300_000));
      for (const name of await fs.readdir(folder)) {
        if (name !== 'state.json') expect(name).toMatch(leftover);
      }
    }
  });
});
