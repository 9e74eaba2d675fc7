import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it.each(['--out', '--case', '--runner'])(
  'an empty %s is refused before anything is installed or measured',
  { timeout: 60_000 },
  async (flag) => {
    const args = ['--import', 'tsx', '--conditions=@neverend/source', 'src/cli.ts', flag, ''];
    const cwd = new URL('..', import.meta.url);
    const failure = await run(process.execPath, args, { cwd, timeout: 50_000 }).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({ code: 2, stdout: '' });
    expect(failure.stderr).toBe(`error: ${flag} was ''; it must not be empty\n`);
  },
);
