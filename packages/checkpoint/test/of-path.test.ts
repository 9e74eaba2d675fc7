import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../src/node.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

const node = fileURLToPath(new URL('../src/node.ts', import.meta.url));

/** Runs code in a process of its own. @returns the message of what it throws. */
function messageOf(code: string, limit = ''): string {
  const program = `
    import * as node from ${JSON.stringify(node)};
    const [folder] = process.argv.slice(-1);
    process.on('SIGXFSZ', () => undefined);
    if (${limit === ''} && process.getuid() === 0) process.setuid(65534);
    try { ${code} } catch (error) { process.stdout.write(error.message); }`;
  const args = ['--import', 'tsx', '--conditions=@neverend/source', '--input-type=module'];
  const shell = `${limit} exec "$0" "$@"`;
  const { stdout } = spawnSync(
    'sh',
    ['-c', shell, process.execPath, ...args, '-e', program, '--', folder],
    { encoding: 'utf8', env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
  );
  return stdout;
}

describe('an error of the file system names what was meant, where', () => {
  it('there is no folder', async () => {
    await expect(writeFileAtomic(join(folder, 'no', 'x'), '')).rejects.toMatchObject({
      message: `ENOENT: no such file or directory, open '${join(folder, 'no')}'`,
      ...{ code: 'ENOENT', path: join(folder, 'no') },
    });
  });

  it('a folder is in the place of the file', async () => {
    await mkdir(join(folder, 'x'));
    const fault = await writeFileAtomic(join(folder, 'x'), '').catch((error) => error);
    expect(fault).toMatchObject({ syscall: 'rename', path: join(folder, 'x') });
    expect(fault.message).toMatch(/^E[A-Z]+: [^,']+, rename '/);
    expect(fault.message.endsWith(` '${join(folder, 'x')}'`)).toBe(true);
    expect(await readdir(folder)).toEqual(['x']);
  });

  it('pieces come from a file that cannot be read: then it is that one', async () => {
    const lost = Object.assign(new Error("EIO: i/o error, read 'source'"), {
      ...{ code: 'EIO', syscall: 'read' },
    });
    const pieces = async function* () {
      yield Uint8Array.of(1);
      throw lost;
    };
    await expect(writeFileAtomic(join(folder, 'x'), pieces())).rejects.toThrow(
      "EIO: i/o error, read 'source'",
    );
  });

  it.runIf(process.platform === 'linux').each([
    [
      'the disk takes no more',
      `await node.writeFileAtomic(folder + '/x', new Uint8Array(1e5));`,
      'x',
    ],
    [
      'the disk takes no more pieces',
      `await node.writeFileAtomic(folder + '/x', (async function* () { yield new Uint8Array(1e5); })());`,
      'x',
    ],
    [
      'the disk takes no more lines',
      `const file = await node.MetricsFile.open(folder + '/m', 0);
       for (let line = 0; line < 100; line++) await file.append({ text: 'x'.repeat(1000) });`,
      'm',
    ],
  ])('%s', (_title, code, file) => {
    // A limit of a file's size stands for that of a disk.
    expect(messageOf(code, 'ulimit -f 8;')).toBe(
      `EFBIG: file too large, write '${join(folder, file)}'`,
    );
  });

  it.runIf(process.platform !== 'win32').each([
    ['a file', "await node.writeFileAtomic(folder + '/x', '');", 'open'],
    ['a lock', 'await node.lockFolder(folder);', 'open'],
    ['a checkpoint', 'await node.writeRunCheckpoint(folder, { step: 1 }, {});', 'mkdir'],
  ])('nobody may write %s', async (_title, code, call) => {
    await chmod(folder, 0o555);
    expect(messageOf(code)).toBe(`EACCES: permission denied, ${call} '${folder}'`);
    await chmod(folder, 0o755);
  });

  it.runIf(process.platform !== 'win32')(
    'a file that is opened by its own name may not be written: then it is that one',
    async () => {
      const path = join(folder, 'log');
      await writeFile(path, '', { mode: 0o444 });
      await chmod(folder, 0o777);
      const code = `const { appendFile } = await import('node:fs/promises');
        await node.ofPath(folder + '/log', () => appendFile(folder + '/log', 'x'));`;
      expect(messageOf(code)).toBe(`EACCES: permission denied, open '${path}'`);
    },
  );
});
