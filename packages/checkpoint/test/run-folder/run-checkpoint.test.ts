import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  checkRunSettings,
  keepRunSettings,
  MetricsFile,
  readRunCheckpoint,
  removeRunLeftovers,
  withRunCheckpoint,
  writeRunCheckpoint,
} from '../../src/node.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const part = (...numbers: number[]) => ({
  w: { dtype: 'float32', shape: [numbers.length], data: Float32Array.from(numbers) } as const,
});

it('reads the newest checkpoint, of which alone there is a folder', async () => {
  expect(await readRunCheckpoint(folder)).toBe(undefined);
  await writeRunCheckpoint(folder, { step: 1 }, { params: part(1) });
  const state = { step: 2, loss: 0.5 };
  await writeRunCheckpoint(folder, state, { params: part(2), optimizer: part(3, 4) });
  const found = await readRunCheckpoint(folder);
  expect(found?.state).toEqual(state);
  expect(found?.parts).toMatchObject({ params: part(2), optimizer: part(3, 4) });
  expect((await readdir(folder)).length).toBe(2);
});

it('keeps the one before where a writer was killed, and removes what that left', async () => {
  await writeRunCheckpoint(folder, { step: 1 }, { params: part(1) });
  const other = 'checkpoint-2-00000000-0000-0000-0000-000000000000';
  await mkdir(join(folder, other));
  await writeFile(join(folder, other, 'params.safetensors'), 'half');
  await writeFile(join(folder, '.checkpoint.json.00000000-0000-0000-0000-000000000000.part'), '{');
  expect((await readRunCheckpoint(folder))?.state).toEqual({ step: 1 });
  await removeRunLeftovers(folder);
  expect((await readdir(folder)).length).toBe(2);
  expect((await readRunCheckpoint(folder))?.parts).toMatchObject({ params: part(1) });
});

it('does not call a run damaged for what is no fault of it, nor for files of others', async () => {
  await writeRunCheckpoint(folder, { step: 1 }, { params: part(1) });
  const { arrays } = JSON.parse(await readFile(join(folder, 'checkpoint.json'), 'utf8'));
  await writeFile(join(folder, arrays, '.DS_Store'), 'of a file manager');
  expect(Object.keys((await readRunCheckpoint(folder))?.parts ?? {})).toEqual(['params']);
  const full = Object.assign(new Error('no room'), { code: 'NEVEREND_BACKEND' });
  await expect(withRunCheckpoint(folder, () => Promise.reject(full))).rejects.toBe(full);
});

it('says where a checkpoint is damaged', async () => {
  await writeRunCheckpoint(folder, { step: 1 }, { params: part(1) });
  const [name = ''] = (await readdir(folder)).filter((entry) => entry.startsWith('checkpoint-'));
  await writeFile(join(folder, name, 'params.safetensors'), 'half');
  await expect(readRunCheckpoint(folder)).rejects.toThrow(
    /the checkpoint in .* is damaged \(.*params\.safetensors.*\); delete this folder/,
  );
});

it('holds a run to its settings from its first checkpoint on', async () => {
  await keepRunSettings(folder, { rate: 1 });
  await keepRunSettings(folder, { rate: 2 });
  expect(await checkRunSettings(folder, { rate: 3 })).toBe(false);
  await writeRunCheckpoint(folder, { step: 1 }, {});
  expect(await checkRunSettings(folder, { rate: 2 })).toBe(true);
  await expect(keepRunSettings(folder, { rate: 3 })).rejects.toThrow(
    'holds a run with other settings (rate: 2 became 3)',
  );
});

it('goes on after the metrics that a checkpoint knows of', async () => {
  const path = join(folder, 'metrics.jsonl');
  const first = await MetricsFile.open(path, 0);
  await first.append({ step: 1 });
  const { bytes } = first;
  await first.append({ step: 2 });
  await first.close();
  const second = await MetricsFile.open(path, bytes);
  await second.append({ step: 2, again: true });
  await second.sync();
  await second.close();
  expect(await readFile(path, 'utf8')).toBe('{"step":1}\n{"step":2,"again":true}\n');
});
