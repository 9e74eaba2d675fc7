import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it.each(['--photos', '--runs'])(
  'an empty %s is refused before anything is run',
  { timeout: 60_000 },
  async (flag) => {
    const args = ['--import', 'tsx', '--conditions=@neverend/source', 'src/cli.ts', 'motions'];
    const cwd = new URL('..', import.meta.url);
    const failure = await run(process.execPath, [...args, flag, ''], {
      cwd,
      timeout: 50_000,
    }).catch((error) => error);
    expect(failure).toMatchObject({ code: 2, stdout: '' });
    expect(failure.stderr).toBe(
      `error: option '${flag} <folder>' argument '' is invalid. It must be the path of a folder.\n`,
    );
  },
);
