// `npm test`: sets up, then runs every test of every package on every backend that this machine has, but for the long ones
// (`npm run test:long`). `--operations` takes those alone that compute on each backend. Other arguments go to vitest.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from './setup.mjs';
import { operationFiles } from './test-files.mjs';
import { elapsed, main, root, runNode, say, toolEnvironment, toolScript } from './workspace.mjs';

await main(async () => {
  const start = Date.now();
  const args = process.argv.slice(2);
  await setUp();
  // Its own failure: where no test of the run needs a backend, no test would miss a required one.
  let absences = '';
  const probe = await runNode(
    ['--import', 'tsx', '--conditions=@neverend/source', join(root, 'tools', 'absent-backends.ts')],
    {
      capture: (text) => {
        absences += text;
      },
    },
  );
  process.stdout.write(absences);
  const absent = [...absences.matchAll(/^backend (\w+) is absent: /gm)].map(([, name]) => name);

  const folder = mkdtempSync(join(tmpdir(), 'neverend-test-'));
  const file = join(folder, 'summary.json');
  try {
    const code = await runNode(
      [
        toolScript('vitest', 'vitest.mjs'),
        'run',
        '--reporter=default',
        `--reporter=${join(root, 'tools', 'summary-reporter.mjs')}`,
        ...args.flatMap((argument) =>
          argument === '--operations' ? operationFiles() : [argument],
        ),
      ],
      {
        env: {
          ...toolEnvironment(),
          NEVEREND_ABSENT: absent.join(','),
          NEVEREND_SUMMARY: file,
        },
      },
    );
    return report(file, code, probe, start);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/**
 * Prints what ran. A run that ended without a summary, or without a single test, is a failure.
 * @param {string} file
 * @param {number} code exit code of vitest
 * @param {number} probe exit code of the probe of the backends; a failure beside those of the tests
 * @param {number} start
 */
function report(file, code, probe, start) {
  /** @type {import('./summary-reporter.mjs').Summary} */
  const summary = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8'))
    : { passed: 0, failed: 0, skipped: {} };
  const { passed, skipped } = summary;
  const broken = summary.failed === 0 && (code !== 0 || passed === 0);
  const failed = summary.failed + (broken ? 1 : 0) + (probe === 0 ? 0 : 1);
  say(`tests took ${elapsed(start)}, setup included`);
  if (broken) say(`vitest ended with exit code ${code} after ${passed} passed tests`);
  if (probe !== 0) say(`the probe of the backends ended with exit code ${probe}`);
  const reasons = Object.entries(skipped).map(([reason, count]) => `${reason} (${count})`);
  const count = Object.values(skipped).reduce((sum, n) => sum + n, 0);
  process.stdout.write(`${count} skipped${count ? `: ${reasons.join('; ')}` : ''}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}
