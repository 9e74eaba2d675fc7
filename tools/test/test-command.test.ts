import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../test.mjs', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));

/** `npm test` on some of the fixtures: its exit code and its last two lines. */
function runTests(...filters: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [script, '--root', fixtures, ...filters], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1' },
  });
  const [skipped, summary] = stdout.trimEnd().split('\n').slice(-2);
  return { status, skipped, summary };
}

describe('npm test', () => {
  it('succeeds when every test passes, and names the suites with skipped tests', () => {
    const { status, skipped, summary } = runTests('good');
    expect(status).toBe(0);
    expect(skipped).toMatch(/^2 skipped: .*a suite \(2\)$/);
    expect(summary).toBe('1 passed, 0 failed');
  });

  it.each([
    ['a test fails', 'bad', '1 passed, 1 failed'],
    ['a hook fails', 'hook', '1 passed, 1 failed'],
    ['a promise is rejected and nobody waits for it', 'rejection', '1 passed, 1 failed'],
    ['a file does not load', 'broken', '0 passed, 1 failed'],
    ['there is no test', 'nothing-is-called-so', '0 passed, 1 failed'],
  ])('fails when %s', (_, filter, summary) => {
    expect(runTests(filter)).toMatchObject({ status: 1, summary });
  });

  it('fails when a worker crashes', () => {
    const { status, summary } = runTests('crash');
    expect(status).toBe(1);
    expect(summary).not.toMatch(/ 0 failed$/);
  });

  it('counts over several files', () => {
    expect(runTests('good', 'bad')).toMatchObject({ status: 1, summary: '2 passed, 1 failed' });
  });
});
