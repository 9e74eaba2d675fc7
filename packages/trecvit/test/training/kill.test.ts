import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt, randomKey } from '@neverend/backend';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { afterAll, beforeAll, expect, it } from 'vitest';

const driver = await bundleForNode(new URL('kill-driver.ts', import.meta.url));

interface End {
  readonly signal: string | null;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function drive(folder: string, moment = 'never', at = 0): Promise<End> {
  const child = spawn(process.execPath, [driver, folder, moment, String(at)]);
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

/** All that a run is to end with: metrics but for the seconds, settings, and the arrays' hashes. Nothing else may lie there. */
async function endOf(folder: string) {
  const text = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim();
  const metrics = text.split('\n').map((line) => ({ ...JSON.parse(line), seconds: 0 }));
  const {
    arrays,
    metricsBytes: _,
    ...state
  } = JSON.parse(await readFile(join(folder, 'checkpoint.json'), 'utf8'));
  const hashes: Record<string, string> = {};
  for (const name of await readdir(join(folder, arrays))) {
    const bytes = await readFile(join(folder, arrays, name));
    hashes[name] = createHash('sha256').update(bytes).digest('hex');
  }
  const names = (await readdir(folder)).map((name) => (name === arrays ? 'the arrays' : name));
  const settings = await readFile(join(folder, 'settings.json'), 'utf8');
  return { metrics, state, hashes, settings, names: names.sort() };
}

let scratch: string;
let counts: Record<string, number>;
let expected: Awaited<ReturnType<typeof endOf>>;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'trecvit-kill-'));
  const whole = await drive(join(scratch, 'whole'));
  expect(whole.stderr).toBe('');
  counts = JSON.parse(whole.stdout);
  expected = await endOf(join(scratch, 'whole'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

it('a whole run has a line for each step and each evaluation, and no leftovers', () => {
  expect(expected.metrics.map(({ step }) => step)).toEqual([1, 2, 2, 3, 4, 4, 5, 6, 6]);
  expect(expected.names).toEqual([
    ...['checkpoint.json', 'metrics.jsonl', 'settings.json', 'the arrays'],
  ]);
  expect(Object.keys(expected.hashes)).toEqual([
    ...['average.safetensors', 'optimizer.safetensors', 'params.safetensors'],
  ]);
});

// Where in the run each of them falls is drawn from the seed.
const together = [
  ['kernel', 'before the rename of a file', 'kernel in an evaluation'],
  ['after the rename of a file', 'before the removal of a file'],
];
const alone = [
  ...Array.from({ length: 6 }, () => ['kernel']),
  ...Array.from({ length: 3 }, () => ['kernel in an evaluation']),
  ...Array.from({ length: 4 }, () => ['before the rename of a file']),
  ...Array.from({ length: 4 }, () => ['after the rename of a file']),
  ...Array.from({ length: 4 }, () => ['before the removal of a file']),
];
const moments = process.env['NEVEREND_LONG'] ? [...together, ...alone] : together;

for (const [index, kills] of moments.entries()) {
  it(`${index}: a training killed at a ${kills.join(', then at a ')} ends as if nothing had happened`, {
    timeout: 600_000,
  }, async () => {
    const folder = join(scratch, `killed-${index}`);
    for (const [number, moment] of kills.entries()) {
      // Each falls into its own part of the run, so that what goes on has the next one's before it.
      const bound = Math.ceil((counts[moment] ?? 0) / kills.length);
      expect(bound, `the whole run passes the moment: ${moment}`).toBeGreaterThan(0);
      const [at = 0] = randomInt(randomKey(1913, 'kill', index, number), 1, bound);
      const end = await drive(folder, moment, at);
      expect(end, `killed at ${moment} ${at} of ${counts[moment]}`).toMatchObject({
        signal: 'SIGKILL',
      });
    }
    expect(await drive(folder)).toMatchObject({ code: 0, stderr: '' });
    expect(await endOf(folder)).toEqual(expected);
  });
}
