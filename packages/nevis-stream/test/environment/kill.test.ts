import { spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt, randomKey } from '@neverend/backend';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runDigests } from './toy.ts';

const driver = await bundleForNode(new URL('kill-driver.ts', import.meta.url));

interface End {
  readonly signal: string | null;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function drive(folder: string, cache: string, moment = 'never', at = 0): Promise<End> {
  const child = spawn(process.execPath, [driver, folder, cache, moment, String(at)]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ signal, code, stdout, stderr }));
  });
}

let scratch: string;
let counts: Record<string, number>;
let expected: Record<string, string>;
const warm = () => join(scratch, 'cache');

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nevis-kill-'));
  const whole = await drive(join(scratch, 'whole'), warm());
  expect(whole.stderr).toBe('');
  counts = JSON.parse(whole.stdout);
  expected = await runDigests(join(scratch, 'whole'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

// Where in the run each of them falls is drawn from the seed.
const together = [
  ['kernel', 'kernel in validation', 'before the rename of a file'],
  ['data preparation', 'before the rename of a data file', 'after the rename of a file'],
];
const alone = [
  ['kernel'],
  ['kernel'],
  ['kernel in validation'],
  ['kernel in validation'],
  ['before the rename of a file'],
  ['before the rename of a file'],
  ['after the rename of a file'],
  ['data preparation'],
  ['before the rename of a data file'],
];
const moments = process.env['NEVEREND_LONG'] ? [...together, ...alone] : together;

// Up to four whole runs, one after the other: on a machine that is busy these took longer than a test may as a rule.
const patience = 600_000;

for (const [index, kills] of moments.entries()) {
  it(`${index}: a run killed at a ${kills.join(', then at a ')} ends as if nothing had happened`, {
    timeout: patience,
  }, async () => {
    const folder = join(scratch, `killed-${index}`);
    const preparing = kills.some((moment) => moment.includes('data'));
    const cache = preparing ? join(scratch, `cache-${index}`) : warm();
    for (const [number, moment] of kills.entries()) {
      // Each falls into its own part of the run, so that what goes on has the next one's before it.
      const bound = Math.ceil((counts[moment] ?? 0) / kills.length);
      expect(bound, `the whole run passes the moment: ${moment}`).toBeGreaterThan(0);
      const [at = 0] = randomInt(randomKey(2211, 'kill', index, number), 1, bound);
      const end = await drive(folder, cache, moment, at);
      expect(end, `killed at ${moment} ${at} of ${counts[moment]}`).toMatchObject({
        signal: 'SIGKILL',
      });
    }
    const end = await drive(folder, cache);
    expect(end).toMatchObject({ code: 0, stderr: '' });
    expect(await runDigests(folder)).toEqual(expected);
  });
}

it('a run gone on with on a copy of its folder ends with the same bytes too', async () => {
  const folder = join(scratch, 'first-half');
  const half = Math.floor((counts['kernel'] ?? 0) / 2);
  expect((await drive(folder, warm(), 'kernel', half)).signal).toBe('SIGKILL');
  const copy = join(scratch, 'copy');
  await cp(folder, copy, { recursive: true });
  expect(await drive(copy, warm())).toMatchObject({ code: 0 });
  expect(await runDigests(copy)).toEqual(expected);
});
