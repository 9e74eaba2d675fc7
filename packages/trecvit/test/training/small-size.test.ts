// In a process of its own: it measures its peak of memory, and needs the backend tensorflow.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey } from '@neverend/backend';
import { describeBackends } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { TRecViT, trecvitConfig } from '../../src/index.ts';
import { trainClassifier, trecvitTrainee } from '../../src/training/index.ts';
import { movingBars } from './moving-bars.ts';

await describeBackends('TRecViT-S', () => {
  // Memory that was taken never goes back to the system: the run that needs less comes first.
  for (const remat of [true, false]) {
    const title = `${remat ? 'with' : 'without'} rematerialisation`;
    it.runIf(process.env['NEVEREND_LONG'])(
      `learns a clip of 16 frames of 224 x 224 within 24 GiB, ${title}`,
      { timeout: 7_200_000 },
      async () => {
        const model = TRecViT.init(trecvitConfig('S', 'released', { frames: 16 }), randomKey(1));
        const classNames = Array.from({ length: 400 }, (_, index) => `class ${index}`);
        const folder = await mkdtemp(join(tmpdir(), 'trecvit-s-'));
        try {
          const { params } = await trainClassifier({
            model: trecvitTrainee(model, { remat }),
            train: { ...movingBars(1, 1, 224), classNames },
            settings: { steps: 20, batchSize: 1, scaleJitter: 'none', warmupSteps: 2 },
            ...{ folder, checkpointSeconds: 3600 },
          });
          tf.dispose(params);
          const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
          const steps = lines.map((line) => JSON.parse(line) as { loss: number; seconds: number });
          const losses = steps.map(({ loss }) => loss);
          const seconds = steps.map((step) => step.seconds).sort((a, b) => a - b);
          const peak = process.resourceUsage().maxRSS / 2 ** 20;
          process.stderr.write(
            `TRecViT-S ${title}: loss ${losses[0]?.toFixed(3)} to ${losses[19]?.toFixed(3)}, ` +
              `median ${seconds[10]?.toFixed(1)} s a step, peak ${peak.toFixed(2)} GiB\n`,
          );
          expect(losses).toHaveLength(20);
          expect(losses[19]).toBeLessThan((losses[0] as number) / 2);
          expect(peak).toBeLessThan(24);
        } finally {
          model.dispose();
          await rm(folder, { recursive: true, force: true });
        }
      },
    );
  }
}, ['tensorflow']);
