import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomKey } from '@neverend/backend';
import { readJson, writeJson } from '@neverend/checkpoint/node';
import {
  predictVideos,
  type TrainingProgress,
  type TrainSettings,
  trainClassifier,
} from '@neverend/trecvit/training';
import * as tf from '@tensorflow/tfjs-core';
import { type ArmResult, resultPath } from './arm-result.ts';
import { initArm } from './arms/arm-model.ts';
import { armTrainee } from './arms/arm-trainee.ts';
import type { ArmName } from './arms/time-mixers.ts';
import type { Materials, Split } from './clips/materials.ts';
import { MotionClips } from './clips/motion-clips.ts';
import { type Motion, motionNames } from './clips/motion-names.ts';
import type { Difficulty } from './clips/scene.ts';
import { describeMachine } from './machine.ts';
import { config, heldOutKey, input, settings as sharedSettings, trainingKey } from './setup.ts';

/** What is run, and where. */
export interface ArmRun {
  readonly arm: ArmName;
  readonly seed: number;
  readonly difficulty: Difficulty;
  readonly materials: Readonly<Record<Split, Materials>>;
  readonly videos: Readonly<Record<Split, number>>;
  /** In the place of those of `sharedSettings`. */
  readonly settings?: TrainSettings;
  /** Where results and unfinished trainings lie. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/**
 * Trains one arm with one seed and tests it on the held-out videos, unless its result is there already. Killed at any moment, the next
 * call goes on.
 */
export async function runArm(run: ArmRun): Promise<ArmResult> {
  const { arm, seed, folder, difficulty, materials, videos, signal, onProgress } = run;
  const path = resultPath(folder, arm, seed);
  const known = await readJson(path);
  if (known !== undefined) return known as ArmResult;
  const params = initArm(arm, randomKey('motions', 'parameters', seed), config);
  const model = armTrainee(arm, params, config, input);
  const clips = (split: Split) =>
    new MotionClips(
      split === 'training' ? trainingKey(seed) : heldOutKey,
      videos[split],
      materials[split],
      difficulty,
    );
  const training = join(folder, `${arm}-${seed}`);
  const settings = { ...sharedSettings, ...run.settings, seed };
  const trained = await trainClassifier({
    ...{ model, train: clips('training'), settings, folder: training },
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  const rates = await tested(model, trained.params, clips('held-out'), signal);
  const parameters = Object.values(params).reduce((sum, { size }) => sum + size, 0);
  tf.dispose([params, trained.params]);
  const result: ArmResult = {
    ...{ arm, seed, parameters, steps: trained.steps },
    ...rates,
    seconds: await trainingSeconds(training),
    machine: describeMachine(),
  };
  await writeJson(path, result);
  return result;
}

async function tested(
  model: ReturnType<typeof armTrainee>,
  params: Record<string, tf.Tensor>,
  source: MotionClips,
  signal: AbortSignal | undefined,
): Promise<Pick<ArmResult, 'accuracy' | 'ofMotion' | 'loss'>> {
  const right = motionNames.map(() => 0);
  const counts = motionNames.map(() => 0);
  let loss = 0;
  const options = { params, clips: 1, crops: 1, batchSize: 32, ...(signal && { signal }) };
  for await (const { label, probabilities } of predictVideos(model, source, options)) {
    const guess = probabilities.indexOf(Math.max(...probabilities));
    counts[label] = (counts[label] ?? 0) + 1;
    right[label] = (right[label] ?? 0) + (guess === label ? 1 : 0);
    loss -= Math.log(probabilities[label] ?? 0);
  }
  const total = source.labels.length;
  const shares = motionNames.map((name, at) => [name, (right[at] ?? 0) / (counts[at] ?? 1)]);
  return {
    accuracy: right.reduce((sum, count) => sum + count, 0) / total,
    ofMotion: Object.fromEntries(shares) as Record<Motion, number>,
    loss: loss / total,
  };
}

/** The seconds of all steps, also of those before a stop. */
async function trainingSeconds(folder: string): Promise<number> {
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.reduce(
    (sum, line) => sum + ((JSON.parse(line) as { seconds?: number }).seconds ?? 0),
    0,
  );
}
