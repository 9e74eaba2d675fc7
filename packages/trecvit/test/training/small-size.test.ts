// In a process of its own: it measures its peak of memory, and needs the backend tensorflow.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { TRecViT, trecvitConfig } from '../../src/index.ts';
import { trainClassifier, trecvitTrainee } from '../../src/training/index.ts';
import { movingBars } from './moving-bars.ts';

it.runIf(process.env['NEVEREND_LONG'])(
  'TRecViT-S learns a clip of 16 frames of 224 x 224 on tensorflow within 24 GiB',
  { timeout: 3_600_000 },
  async () => {
    await useBackend('tensorflow');
    const model = TRecViT.init(trecvitConfig('S', 'released', { frames: 16 }), randomKey(1));
    const clip = movingBars(1, 1, 224);
    const classNames = Array.from({ length: 400 }, (_, index) => `class ${index}`);
    const folder = await mkdtemp(join(tmpdir(), 'trecvit-s-'));
    const peaks: string[] = [];
    try {
      // Memory never goes back to the system: the run that needs less comes first.
      for (const remat of [true, false]) {
        const run = join(folder, `${remat}`);
        const { params } = await trainClassifier({
          ...{ model: trecvitTrainee(model, { remat }), train: { ...clip, classNames } },
          ...{ folder: run, checkpointSeconds: 3600 },
          settings: { steps: 20, batchSize: 1, scaleJitter: 'none', warmupSteps: 2 },
        });
        tf.dispose(params);
        const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
        const steps = lines.map((line) => JSON.parse(line) as { loss: number; seconds: number });
        const [first, last] = [steps[0], steps[19]];
        const seconds = steps.map((step) => step.seconds).sort((a, b) => a - b)[10];
        const peak = process.resourceUsage().maxRSS / 2 ** 20;
        peaks.push(
          `${remat ? 'with' : 'without'} rematerialisation: loss ${first?.loss.toFixed(3)} to ${last?.loss.toFixed(3)}, ` +
            `median ${seconds?.toFixed(1)} s a step, peak ${peak.toFixed(2)} GiB`,
        );
        process.stderr.write(`${peaks.at(-1)}\n`);
        expect(last?.loss).toBeLessThan((first?.loss ?? 0) - 0.5);
        expect(peak).toBeLessThan(24);
      }
    } finally {
      model.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
