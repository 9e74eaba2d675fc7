import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);

it.each([
  [['--port', 'http'], '--port was http; it must be a number from 0 to 65535'],
  [['--host', ''], "--host was ''; it must not be empty"],
])('ends with one line where an option is wrong: %j', async (wrong, message) => {
  const args = ['--import', 'tsx', '--conditions=@neverend/source', 'src/cli.ts'];
  const cwd = new URL('..', import.meta.url);
  const failure = await run(process.execPath, [...args, ...wrong], { cwd }).catch((error) => error);
  expect(failure).toMatchObject({ code: 2, stdout: '' });
  expect(failure.stderr).toBe(`error: ${message}\n`);
});
