import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt, randomKey } from '@neverend/backend';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { afterAll, beforeAll, expect, it } from 'vitest';

const driver = await bundleForNode(new URL('fixtures/kill-driver.ts', import.meta.url));

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'peer-kill-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const drive = (folder: string, at = 'never') =>
  spawnSync(process.execPath, [driver, folder, at], { encoding: 'utf8' });

/** All that a run is to end with, but for seconds and names that are drawn. */
async function endOf(folder: string) {
  const metrics = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  const state = JSON.parse(await readFile(join(folder, 'checkpoint.json'), 'utf8'));
  const arrays = await readdir(join(folder, state.arrays));
  const contents = arrays.map((name) => readFile(join(folder, state.arrays, name), 'base64'));
  return {
    metrics: metrics.map((line) => ({ ...JSON.parse(line), seconds: 0 })),
    arrays: Object.fromEntries(arrays.map((name, at) => [name, at])),
    contents: await Promise.all(contents),
    entries: (await readdir(folder)).length,
  };
}

it('a training that is killed anywhere, again and again, ends as if nothing had happened', async () => {
  const whole = drive(join(scratch, 'whole'));
  expect(whole.stderr).toBe('');
  const expected = await endOf(join(scratch, 'whole'));
  expect(Object.keys(expected.arrays)).toEqual(['optimizer.safetensors', 'params.safetensors']);
  const kills = process.env['NEVEREND_LONG'] ? 12 : 3;
  const folder = join(scratch, 'killed');
  for (let kill = 0; kill < kills; kill++) {
    // The later ones begin nearer to the end.
    const [at = 0] = randomInt(randomKey('kill', kill), 1, Math.ceil(Number(whole.stdout) / kills));
    expect(drive(folder, String(at + 1)).signal).toBe('SIGKILL');
  }
  expect(drive(folder)).toMatchObject({ status: 0, stderr: '' });
  expect(await endOf(folder)).toEqual(expected);
});
