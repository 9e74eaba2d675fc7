import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../test.mjs', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));

/** `npm test` on some of the fixtures: its exit code, its output and the last two lines of that. */
function runTests(filters: string[], env: NodeJS.ProcessEnv = {}) {
  const { status, stdout } = spawnSync(process.execPath, [script, '--root', fixtures, ...filters], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1', ...env },
  });
  const [skipped, summary] = stdout.trimEnd().split('\n').slice(-2);
  return { status, stdout, skipped, summary };
}

describe('npm test', () => {
  it('succeeds when every test passes and every required backend is there, and names the suites with skipped tests', () => {
    const { status, skipped, summary } = runTests(['good'], { NEVEREND_REQUIRE: 'cpu, wasm' });
    expect(status).toBe(0);
    expect(skipped).toMatch(/^2 skipped: .*a suite \(2\)$/);
    expect(summary).toBe('1 passed, 0 failed');
  });

  it('says once of each absent backend, and of the long tests, how many tests were skipped', () => {
    expect(runTests(['absent', 'long'])).toMatchObject({
      skipped: '5 skipped: webgpu is absent (4); only in npm run test:long (1)',
      summary: '2 passed, 0 failed',
    });
    expect(runTests(['long'], { NEVEREND_LONG: '1' })).toMatchObject({
      skipped: '0 skipped',
      summary: '2 passed, 0 failed',
    });
  });

  it('counts a failure for a test, a hook, a file that does not load, and a rejection that nobody waits for', () => {
    expect(runTests(['bad', 'hook', 'broken', 'rejection'])).toMatchObject({
      status: 1,
      summary: '3 passed, 4 failed',
    });
  });

  it('fails when there is no test', () => {
    expect(runTests(['nothing-is-called-so'])).toMatchObject({
      status: 1,
      summary: '0 passed, 1 failed',
    });
  });

  it('fails when a worker crashes', () => {
    const { status, summary } = runTests(['crash']);
    expect(status).toBe(1);
    expect(summary).not.toMatch(/ 0 failed$/);
  });

  // None of these tests needs a backend.
  it('fails when a required backend is absent, or is no backend', () => {
    const { status, stdout, summary } = runTests(['good'], {
      NEVEREND_REQUIRE: 'cpu,webgpu,webgup',
      // No driver of a GPU, not even one in software.
      VK_ICD_FILENAMES: '/dev/null',
    });
    expect({ status, summary }).toEqual({ status: 1, summary: '1 passed, 1 failed' });
    expect(stdout).toContain('FAILED NEVEREND_REQUIRE asks for webgpu, which is absent');
    expect(stdout).toContain('FAILED NEVEREND_REQUIRE names "webgup"');
  });
});
