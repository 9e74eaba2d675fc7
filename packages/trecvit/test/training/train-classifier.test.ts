import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey } from '@neverend/backend';
import { describeBackends, webgpuIfLong } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { officialConstants, TRecViT, type TRecViTConfig } from '../../src/index.ts';
import { evaluateClassifier, trainClassifier, trecvitTrainee } from '../../src/training/index.ts';
import { tiny } from '../tiny.ts';
import { movingBars } from './moving-bars.ts';

const small: TRecViTConfig = {
  ...officialConstants,
  ...{ layers: 1, width: 32, mlpWidth: 32, heads: 2, lruWidth: 64, gateBlocks: 2, minRadius: 0.5 },
  ...{ patch: 8, imageSize: [16, 16], headWidth: 32, classes: 2, frames: 8 },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trecvit-training-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const lines = async (run: string) =>
  (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => {
      const { seconds: _, ...rest } = JSON.parse(line);
      return rest;
    });

await describeBackends(
  'a training',
  (backend) => {
    const isLong = process.env['NEVEREND_LONG'] !== undefined && backend === 'tensorflow';
    it.runIf(backend === 'wasm' || isLong)(
      'learns which way bars move, which a single frame does not tell',
      // Seconds on a quiet machine.
      { timeout: 600_000 },
      async () => {
        const model = TRecViT.init(small, randomKey(1));
        const trainee = trecvitTrainee(model);
        const validate = movingBars(64, 2);
        const one = { clips: 1, crops: 1, batchSize: 64 };
        const before = await evaluateClassifier(trainee, validate, one);
        expect(before.top1).toBeLessThan(0.75);
        const { params, evaluation, steps } = await trainClassifier({
          ...{ model: trainee, train: movingBars(2000, 1), validate, folder },
          settings: {
            ...{
              steps: 40,
              warmupSteps: 5,
              learningRate: 3e-3,
              scaleJitter: 'none',
              batchSize: 16,
            },
            ...{ clips: 1, crops: 1 },
          },
        });
        expect(steps).toBe(40);
        expect(evaluation).toMatchObject({ step: 40, videos: 64, top5: 1 });
        expect(evaluation?.top1).toBeGreaterThan(0.95);
        const after = await evaluateClassifier({ ...trainee, params }, validate, one);
        expect(after.top1).toBe(evaluation?.top1);
        tf.dispose(params);
        model.dispose();
      },
    );

    it('goes on where it was stopped, to the same losses, averages and parameters bit for bit', async () => {
      const model = TRecViT.init({ ...tiny, layers: 1, classes: 2 }, randomKey(1));
      const trainee = trecvitTrainee(model);
      const run = (name: string, signal?: AbortSignal, stopAt?: [number, AbortController]) =>
        trainClassifier({
          ...{ model: trainee, train: movingBars(6, 1, 8), validate: movingBars(3, 2, 8) },
          ...{ folder: join(folder, name), ...(signal && { signal }) },
          settings: {
            ...{ steps: 5, batchSize: 2, accumulate: 2, averageDecay: 0.5, learningRate: 1e-2 },
            ...{ evaluateEvery: 2, clips: 1, crops: 1, flips: [['left', 'right']] },
          },
          onProgress: ({ phase, done }) => {
            if (phase === 'train' && done === stopAt?.[0]) stopAt[1].abort(new Error('enough'));
          },
        });
      const whole = await run('whole');
      for (const stop of [1, 4]) {
        const controller = new AbortController();
        const stopped = run('stopped', controller.signal, [stop, controller]);
        await expect(stopped).rejects.toThrow('enough');
        expect((await lines(join(folder, 'stopped'))).at(-1)?.step).toBe(stop);
      }
      const resumed = await run('stopped');
      const [expected, found] = await Promise.all([
        lines(join(folder, 'whole')),
        lines(join(folder, 'stopped')),
      ]);
      expect(found).toEqual(expected);
      expect(found.map(({ step, videos }) => `${step}${videos ? ' evaluated' : ''}`)).toEqual([
        ...['1', '2', '2 evaluated', '3', '4', '4 evaluated', '5', '5 evaluated'],
      ]);
      expect(resumed.evaluation).toEqual(whole.evaluation);
      for (const [name, param] of Object.entries(whole.params)) {
        expect(await resumed.params[name]?.data(), name).toEqual(await param.data());
      }
      // A run that is done is read again.
      const again = await run('stopped');
      expect(again.evaluation).toEqual(whole.evaluation);
      tf.dispose([whole.params, resumed.params, again.params]);
      model.dispose();
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
