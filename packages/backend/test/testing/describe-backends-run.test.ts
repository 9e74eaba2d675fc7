// In a process of its own: it is about what starts, and which absences are named.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { probeBackends } from '../../src/index.ts';
import { describeBackends } from '../../src/testing/index.ts';

const vitest = join(
  dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: {
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Runs the suite of a fixture in a process of its own. */
function run(
  env: Readonly<Record<string, string | undefined>>,
  fixture = 'suite',
): {
  status: number | null;
  stderr: string;
  report: Report;
} {
  const cleared = {
    NEVEREND_ABSENT: undefined,
    NEVEREND_BACKENDS: undefined,
    NEVEREND_REQUIRE: undefined,
  };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      vitest,
      'run',
      `${fixture}.fixture.ts`,
      '--config',
      join(fixtures, 'vitest.config.ts'),
      '--reporter=json',
    ],
    {
      cwd: fixtures,
      encoding: 'utf8',
      env: { ...process.env, ...cleared, ...env },
      timeout: 60_000,
    },
  );
  return { status, stderr, report: JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report };
}

it('the suite in the README runs', () => {
  const suite = readFileSync(join(fixtures, 'readme.fixture.ts'), 'utf8');
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(`\`\`\`ts vitest\n${suite}\`\`\``);
  const { status, report } = run({ NEVEREND_REQUIRE: 'wasm,cpu' }, 'readme');
  expect(report).toMatchObject({ numFailedTests: 0 });
  expect(status).toBe(0);
  expect(report.numPassedTests).toBeGreaterThanOrEqual(6);
});

describe('describeBackends', () => {
  it('limits the suite to NEVEREND_BACKENDS', () => {
    const { status, report } = run({ NEVEREND_BACKENDS: 'wasm, cpu', NEVEREND_REQUIRE: 'cpu' });
    expect(status).toBe(0);
    const names = report.testResults[0]?.assertionResults.map(({ fullName }) => fullName);
    expect(names?.filter((name) => name.endsWith('runs'))).toEqual([
      'suite on wasm runs',
      'suite on cpu runs',
    ]);
    expect(report.numPassedTests).toBe(4);
  });

  it.runIf(process.platform === 'linux')(
    'names an absent backend on a line of its own, and skips its suite',
    () => {
      const none = { VK_ICD_FILENAMES: '/dev/null', VK_DRIVER_FILES: '/dev/null' };
      const { status, stderr, report } = run({ NEVEREND_BACKENDS: 'webgpu,cpu', ...none });
      expect(status).toBe(0);
      expect(stderr).toMatch(/^backend webgpu is absent: no GPU adapter was found$/m);
      expect([report.numPassedTests, report.numPendingTests]).toEqual([2, 2]);
      const again = run({ NEVEREND_BACKENDS: 'webgpu,cpu', NEVEREND_ABSENT: 'webgpu', ...none });
      expect(again.stderr).not.toContain('is absent');
    },
  );

  it.runIf(process.platform === 'linux')('fails where NEVEREND_REQUIRE names an absent one', () => {
    const none = { VK_ICD_FILENAMES: '/dev/null', VK_DRIVER_FILES: '/dev/null' };
    const only = { NEVEREND_BACKENDS: 'webgpu', NEVEREND_REQUIRE: 'webgpu' };
    const { status, report } = run({ ...only, ...none });
    expect(status).toBe(1);
    expect(report.testResults[0]?.assertionResults[0]).toMatchObject({
      fullName: 'suite on webgpu runs here, as NEVEREND_REQUIRE demands',
      status: 'failed',
    });
  });

  it.each([
    {
      env: { NEVEREND_BACKENDS: 'cpu,gpu' },
      message: 'NEVEREND_BACKENDS names "gpu"; it must list some of tensorflow, webgpu, wasm, cpu',
    },
    {
      env: { NEVEREND_BACKENDS: 'cpu', NEVEREND_REQUIRE: 'wasm' },
      message: 'NEVEREND_REQUIRE names wasm, which NEVEREND_BACKENDS leaves out',
    },
  ])('refuses $env', async ({ env, message }) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    await expect(describeBackends('none', () => {})).rejects.toThrow(message);
    vi.unstubAllEnvs();
  });

  it('fails where the process of the tests crashes', () => {
    const { status } = run({ NEVEREND_BACKENDS: 'cpu', FIXTURE_FAULT: 'crash' });
    expect(status).toBe(1);
  });
});

const statuses = await probeBackends();
const hasWebgpu = statuses.some(({ name, available }) => name === 'webgpu' && available);

describe.runIf(hasWebgpu)('on webgpu', () => {
  it.each([
    { fault: 'validation', message: 'the GPU reported an error: ' },
    { fault: 'lost', message: 'the GPU reported an error: the device was lost' },
  ])('a test after which the GPU has an error ($fault) fails', ({ fault, message }) => {
    const { status, report } = run({ NEVEREND_BACKENDS: 'webgpu', FIXTURE_FAULT: fault });
    expect(status).toBe(1);
    const [first, second] = report.testResults[0]?.assertionResults ?? [];
    expect(first?.status).toBe('passed');
    expect(second?.status).toBe('failed');
    expect(second?.failureMessages[0]).toContain(message);
  });
});
