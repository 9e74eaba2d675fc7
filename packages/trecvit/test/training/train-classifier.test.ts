import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey } from '@neverend/backend';
import { describeBackends } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TRecViT, type TRecViTConfig } from '../../src/index.ts';
import { trainClassifier, trecvitTrainee } from '../../src/training/index.ts';
import { movingSquares } from './moving-squares.ts';

const config: TRecViTConfig = {
  ...{ layers: 2, width: 16, mlpWidth: 32, heads: 2, lruWidth: 32, taps: 4, minRadius: 0.5 },
  ...{ patch: 4, imageSize: [16, 16], channels: 3, pooling: 'token' },
  ...{ headWidth: 32, classes: 2, frames: 6 },
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trecvit-training-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

await describeBackends('a training', () => {
  it('learns which way squares move, which a single frame does not tell', async () => {
    const model = TRecViT.init(config, randomKey(1));
    const trainee = trecvitTrainee(model);
    const { params, evaluation } = await trainClassifier({
      ...{ model: trainee, train: movingSquares(64, 1), validate: movingSquares(40, 2), folder },
      settings: { steps: 100, learningRate: 3e-3, scaleJitter: 'none', batchSize: 16, clips: 1 },
    });
    expect(evaluation?.top1).toBeGreaterThanOrEqual(0);
    tf.dispose(params);
    model.dispose();
  });
});
