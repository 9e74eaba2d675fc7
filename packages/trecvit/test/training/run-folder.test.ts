import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeBackends } from '@neverend/backend/testing';
import { RunError } from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  checkTraining,
  type Trainee,
  type TrainOptions,
  trainClassifier,
} from '../../src/training/index.ts';
import { movingBars } from './moving-bars.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trecvit-run-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A linear layer on the mean colour; `broken` makes its logits NaN from a call on. */
function linearModel(broken = Number.POSITIVE_INFINITY, start = 0.1): Trainee {
  let calls = 0;
  return {
    params: { 'head/kernel': tf.fill([3, 2], start), 'head/bias': tf.zeros([2]) },
    format: {
      frames: 2,
      imageSize: [16, 16],
      input: { framesPerSecond: 5, crop: 'centre', range: [0, 1] },
    },
    logits: (video, params) => {
      calls++;
      return tf.tidy(() => {
        const mean = tf.mean(tf.reshape(video, [video.shape[0], 512, 3]), 1);
        const logits = tf.add(
          tf.matMul(mean as tf.Tensor2D, params['head/kernel'] as tf.Tensor2D),
          params['head/bias'] as tf.Tensor,
        );
        return tf.mul(logits, calls < broken ? 1 : Number.NaN) as tf.Tensor2D;
      });
    },
  };
}

/** A training that leaves no tensors behind. */
async function train(changes: Partial<TrainOptions> = {}): Promise<void> {
  const { model = linearModel() } = changes;
  try {
    const { params } = await trainClassifier({
      ...{ model, train: movingBars(6, 1), folder, checkpointSeconds: 0 },
      settings: { steps: 4, batchSize: 2, learningRate: 0.01 },
      ...changes,
    });
    tf.dispose(params);
  } finally {
    tf.dispose(model.params as tf.NamedTensorMap);
  }
}

// What a backend computes does not matter here.
await describeBackends('the folder of a training', () => {
  it('ends at a loss that is not finite in one sentence, and the last checkpoint stays', async () => {
    const failed = train({ model: linearModel(3) });
    await expect(failed).rejects.toThrow(RunError);
    await expect(failed).rejects.toThrow(
      `the loss of step 3 was NaN: the training has come apart; begin another with a lower learningRate or more warmupSteps; the checkpoint of step 2 stays in ${folder}`,
    );
    expect(JSON.parse(await readFile(join(folder, 'checkpoint.json'), 'utf8')).step).toBe(2);
    // What was not its fault goes on from there.
    await train();
    const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).step)).toEqual([1, 2, 3, 4]);
  });

  it.each<[string, Partial<TrainOptions>, string]>([
    [
      'settings',
      { settings: { steps: 4, batchSize: 2, learningRate: 0.02 } },
      'settings.learningRate: 0.01 became 0.02',
    ],
    [
      'videos',
      { train: movingBars(6, 2) },
      'train.fingerprint: "moving bars 1" became "moving bars 2"',
    ],
    [
      'parameters to start from',
      { model: linearModel(Number.POSITIVE_INFINITY, 0.2) },
      'model.sha256',
    ],
    ['videos to validate with', { validate: movingBars(2, 3) }, 'validate: nothing became'],
  ])('does not go on with other %s', async (_, changes, message) => {
    await train();
    const before = await readFile(join(folder, 'checkpoint.json'), 'utf8');
    const refused = train(changes);
    await expect(refused).rejects.toThrow(`${folder} holds a run with other settings`);
    await expect(refused).rejects.toThrow(message);
    expect(await readFile(join(folder, 'checkpoint.json'), 'utf8')).toBe(before);
  });

  it('keeps a second run out of its folder', async () => {
    let second: Promise<unknown> | undefined;
    await train({
      onProgress: ({ done }) => {
        if (done === 1) second = train().catch((error) => error);
      },
    });
    expect(String(await second)).toMatch(/process \d+ is running in/);
  });

  it('says that a checkpoint is damaged, and what to do', async () => {
    await train();
    const name = (await readdir(folder)).find((entry) => entry.startsWith('checkpoint-')) as string;
    await writeFile(join(folder, name, 'params.safetensors'), 'cut off');
    await expect(train()).rejects.toThrow(`the checkpoint in ${folder} is damaged`);
  });

  it('ends with the error of a source, and holds nothing then', async () => {
    const source = movingBars(6, 1);
    const failing = { ...source, clip: async () => Promise.reject(new Error('a.mp4 is broken')) };
    await expect(train({ train: failing })).rejects.toThrow('a.mp4 is broken');
    expect(await readdir(folder)).toEqual(['metrics.jsonl', 'settings.json']);
  });

  it('takes other settings where the run before has come to no checkpoint', async () => {
    const source = movingBars(6, 1);
    const failing = { ...source, clip: async () => Promise.reject(new Error('a.mp4 is broken')) };
    await expect(train({ train: failing })).rejects.toThrow('a.mp4 is broken');
    await train({ settings: { steps: 2, batchSize: 3 } });
    expect(JSON.parse(await readFile(join(folder, 'settings.json'), 'utf8')).settings.steps).toBe(
      2,
    );
  });

  it('is checked without a look at a video, and with nothing written', async () => {
    const source = movingBars(6, 1);
    const unread = { ...source, clip: async () => Promise.reject(new Error('it was read')) };
    const check = async (changes: Partial<TrainOptions> = {}) => {
      const model = linearModel();
      const settings = { steps: 4, batchSize: 2, learningRate: 0.01 };
      try {
        await checkTraining({ model, train: unread, settings, folder, ...changes });
      } finally {
        tf.dispose(model.params as tf.NamedTensorMap);
      }
    };
    await check();
    expect(await readdir(folder)).toEqual([]);
    await expect(check({ settings: { batchSize: 2, accumulate: 3 } })).rejects.toThrow(
      'accumulate was 3; it must divide batchSize, which is 2',
    );
    await train();
    await check();
    await expect(check({ settings: { steps: 5, batchSize: 2 } })).rejects.toThrow(
      `${folder} holds a run with other settings (settings.learningRate`,
    );
  });

  it('tells how far it is and how long it will take', async () => {
    const told: string[] = [];
    await train({
      validate: movingBars(2, 3),
      settings: { steps: 2, batchSize: 2, evaluateEvery: 5, clips: 1, crops: 1 },
      onProgress: ({ phase, done, total, remainingSeconds, loss }) => {
        expect(remainingSeconds).toBeGreaterThanOrEqual(0);
        expect(loss).toBeGreaterThan(0);
        told.push(`${phase} ${done} of ${total}`);
      },
    });
    expect(told).toEqual([
      ...['train 1 of 2', 'train 2 of 2', 'evaluate 1 of 2', 'evaluate 2 of 2'],
    ]);
  });

  it('refuses a source without videos, with labels that are no classes, and other classes to validate with', async () => {
    const source = movingBars(6, 1);
    await expect(train({ train: { ...source, labels: [] } })).rejects.toThrow(
      'train had no videos',
    );
    await expect(train({ train: { ...source, labels: [0, 2] } })).rejects.toThrow(
      'train.labels had 2; a label is an integer from 0 to 1',
    );
    const alone = { ...source, classNames: ['left'], labels: source.labels.map(() => 0) };
    await expect(train({ train: alone })).rejects.toThrow(
      'train had one class (left); a classifier needs two or more',
    );
    const validate = { ...source, classNames: ['right', 'left'] };
    await expect(train({ validate })).rejects.toThrow('validate had the classes right, left');
  });
}, ['cpu']);
