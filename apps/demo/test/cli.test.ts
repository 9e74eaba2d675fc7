import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const args = ['--import', 'tsx', '--conditions=@neverend/source', 'src/cli.ts'];
const cwd = new URL('..', import.meta.url);

const run = promisify(execFile);

it('serves the page with the headers that threads need, where it says', async () => {
  const child = spawn(process.execPath, [...args, '--port', '0'], { cwd });
  try {
    const [address] = await once(child.stdout, 'data');
    const response = await fetch(String(address).trim());
    expect(await response.text()).toContain('What is moving?');
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  } finally {
    child.kill();
    await once(child, 'exit');
  }
});

it('ends with one line where an option is wrong', async () => {
  const wrong = ['--port', 'http'];
  const failure = await run(process.execPath, [...args, ...wrong], { cwd }).catch((error) => error);
  expect(failure).toMatchObject({ code: 1, stdout: '' });
  expect(failure.stderr).toBe('error: --port was http; it must be a number from 0 to 65535\n');
});
