import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt, randomKey } from '@neverend/backend';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { readSafetensors } from '@neverend/checkpoint/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const driver = await bundleForNode(new URL('fixtures/kill-driver.ts', import.meta.url));

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'peer-kill-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const drive = (folder: string, kind: string, moment = 'never', at = 0) =>
  spawnSync(process.execPath, [driver, folder, kind, moment, String(at)], { encoding: 'utf8' });

/** The files of the checkpoint, by their names. */
async function arraysOf(folder: string): Promise<Record<string, string>> {
  const { arrays } = JSON.parse(await readFile(join(folder, 'checkpoint.json'), 'utf8'));
  const names = (await readdir(join(folder, arrays))).sort();
  const contents = names.map(async (name) => [
    name,
    await readFile(join(folder, arrays, name), 'base64'),
  ]);
  return Object.fromEntries(await Promise.all(contents));
}

/** All that a run is to end with, but for seconds and names that are drawn. */
async function endOf(folder: string) {
  const metrics = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return {
    metrics: metrics.map((line) => ({ ...JSON.parse(line), seconds: 0 })),
    arrays: await arraysOf(folder),
    entries: (await readdir(folder)).length,
  };
}

const writing = ['half of params.safetensors', 'before the rename of checkpoint.json'];
const writingTables = ['half of params.safetensors', 'half of tables.safetensors'];
const more = [
  ...['half of optimizer.safetensors', 'half of checkpoint.json', 'half of a line'],
  ...['before the rename of params.safetensors', 'after the rename of checkpoint.json'],
  ...['a kernel', 'a kernel', 'a kernel'],
];
const long = Boolean(process.env['NEVEREND_LONG']);
/** Models, by their tables' optimiser where they have tables, and where their trainings are killed. */
const runs: Record<string, readonly string[]> = {
  dense: ['half of settings.json', 'a kernel', ...writing, ...(long ? more : [])],
  lazyAdam: ['a kernel', ...writingTables, ...(long ? more : [])],
  rowAdagrad: ['half of tables.safetensors', 'a kernel', ...(long ? more : [])],
  ...(long && { adagrad: ['a kernel', ...writingTables, ...more] }),
};

describe.each(Object.entries(runs))('a training (%s)', (kind, moments) => {
  let counts: Record<string, number>;
  const whole = () => join(scratch, `${kind}-whole`);
  beforeAll(() => {
    const { stderr, stdout } = drive(whole(), kind);
    expect(stderr).toBe('');
    counts = JSON.parse(stdout);
  });

  it('that is killed anywhere, again and again, ends as if nothing had happened', async () => {
    const expected = await endOf(whole());
    const tables = kind === 'dense' ? [] : ['tables.safetensors'];
    expect(Object.keys(expected.arrays)).toEqual([
      ...['optimizer.safetensors', 'params.safetensors', ...tables],
    ]);
    const folder = join(scratch, `${kind}-killed`);
    for (const [kill, moment] of moments.entries()) {
      // Each falls into its own part of the run, so that what goes on has the next one's before it, and mostly a checkpoint behind it.
      const bound = Math.max(1, Math.floor((counts[moment] ?? 0) / moments.length));
      const [back = 0] = randomInt(randomKey('kill', kind, kill), 1, Math.ceil(bound / 2));
      const at = bound - back;
      const { signal } = drive(folder, kind, moment, at);
      expect(signal, `killed at ${moment} ${at} of ${counts[moment]}`).toBe('SIGKILL');
    }
    expect(drive(folder, kind)).toMatchObject({ status: 0, stderr: '' });
    expect(await endOf(folder)).toEqual(expected);
  });

  it.runIf(kind === 'lazyAdam' || (long && kind !== 'dense')).each(writingTables)(
    'that is killed at %s has the checkpoint before, whole',
    async (moment) => {
      // Each step writes one, in as many pieces: the third is cut short, and the second is what that leaves.
      const pieces = (counts[moment] ?? 0) / 8;
      const [piece = 0] = randomInt(randomKey('piece', kind, moment), 1, pieces);
      const folder = join(scratch, `${kind}-${moment}`);
      expect(drive(folder, kind, moment, 2 * pieces + piece + 1).signal).toBe('SIGKILL');
      const state = JSON.parse(await readFile(join(folder, 'checkpoint.json'), 'utf8'));
      expect(state.step).toBe(2);
      const { tensors } = await readSafetensors(join(folder, state.arrays, 'params.safetensors'));
      const tables = Object.keys(tensors).filter((name) => /\/(up|down|values)$/.test(name));
      expect(tables).toHaveLength(3);
      const second = join(scratch, `${kind}-${moment}-second`);
      expect(drive(second, kind, 'after the rename of checkpoint.json', 2).signal).toBe('SIGKILL');
      expect(await arraysOf(folder)).toEqual(await arraysOf(second));
      expect(drive(folder, kind)).toMatchObject({ status: 0, stderr: '' });
      expect(await endOf(folder)).toEqual(await endOf(whole()));
    },
  );
});
