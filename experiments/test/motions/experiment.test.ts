// In a process of its own: it chooses a backend.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { writeJson } from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Materials } from '../../src/motions/clips/materials.ts';
import type { Split } from '../../src/motions/clips/split.ts';
import { runExperiment } from '../../src/motions/experiment.ts';
import { type ArmRun, type RunSize, runArm } from '../../src/motions/run-arm.ts';
import { difficultyAt, settings } from '../../src/motions/setup.ts';
import { materialsOf, photographsAreHere } from './materials.ts';

const folder = await mkdtemp(join(tmpdir(), 'motions-experiment-'));
beforeAll(() => useBackend('wasm'));
afterAll(() => rm(folder, { recursive: true }));

const steps = { batchSize: 2, warmupSteps: 1, steps: 2 };
const size: RunSize = {
  settings: {
    plain: { ...settings.plain, ...steps },
    clips: { ...settings.clips, ...steps },
  },
  videos: { plain: 4, clips: 4, 'held-out': 8 },
};

it.runIf(photographsAreHere)(
  'goes on where it was stopped, to the same result, and does nothing twice',
  async () => {
    const materials: Record<Split, Materials> = {
      training: await materialsOf('training'),
      'held-out': await materialsOf('held-out'),
    };
    const run = (name: string, more: Partial<ArmRun> = {}): ArmRun => ({
      ...{ arm: 'lstm', seed: 4, difficulty: difficultyAt(0.25), materials, size },
      ...{ folder: join(folder, name), ...more },
    });
    const whole = await runArm(run('whole'));
    const tensors = tf.memory().numTensors;
    expect(whole).toMatchObject({ arm: 'lstm', seed: 4, steps: 4 });
    for (const stopAt of [1, 3]) {
      let taken = 0;
      const stop = new AbortController();
      const stopped = run(`stopped after ${stopAt}`, {
        signal: stop.signal,
        onProgress: ({ phase }) => {
          if (phase === 'train' && ++taken === stopAt) stop.abort();
        },
      });
      await expect(runArm(stopped)).rejects.toThrow('abort');
      const { signal: _, onProgress: __, ...again } = stopped;
      const resumed = await runArm(again);
      expect({ ...resumed, seconds: 0, machine: 0 }).toEqual({ ...whole, seconds: 0, machine: 0 });
    }
    const before = await readFile(join(folder, 'whole', 'lstm-4.json'), 'utf8');
    let asked = 0;
    expect(await runArm(run('whole', { onProgress: () => asked++ }))).toEqual(whole);
    expect(asked).toBe(0);
    expect(await readFile(join(folder, 'whole', 'lstm-4.json'), 'utf8')).toBe(before);
    expect((await readdir(join(folder, 'whole'))).sort()).toEqual(['lstm-4', 'lstm-4.json']);
    expect(tf.memory().numTensors).toBe(tensors);
  },
);

it.runIf(photographsAreHere)('refuses results of other photographs or settings', async () => {
  const used = await mkdtemp(join(folder, 'used-'));
  await writeJson(join(used, 'setup.json'), { backend: 'webgpu' });
  await expect(runExperiment({ folder: used })).rejects.toThrow(
    /setup\.json was written by a run with other photographs or settings \(backend: "webgpu" became "wasm"/,
  );
});
