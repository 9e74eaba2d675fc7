import { join } from 'node:path';
import { randomKey } from '@neverend/backend';
import { readJson, writeJson } from '@neverend/checkpoint/node';
import { predictVideos, type TrainingProgress } from '@neverend/trecvit/training';
import { type MotionName, motionNames } from '@neverend/trecvit-motions';
import * as tf from '@tensorflow/tfjs-core';
import { type ArmResult, resultPath } from './arm-result.ts';
import { initArm } from './arms/arm-model.ts';
import { armTrainee } from './arms/arm-trainee.ts';
import type { ArmName } from './arms/time-mixers.ts';
import type { Materials } from './clips/materials.ts';
import { MotionClips } from './clips/motion-clips.ts';
import type { Difficulty } from './clips/scene.ts';
import type { Split } from './clips/split.ts';
import { describeMachine } from './machine.ts';
import * as setup from './setup.ts';
import { type Stage, trainInStages } from './train-in-stages.ts';

/** How large a run is: the experiment's own, or smaller for tests. */
export type RunSize = Pick<typeof setup, 'settings' | 'videos'>;

/** What is run, and where. */
export interface ArmRun {
  readonly arm: ArmName;
  readonly seed: number;
  readonly difficulty: Difficulty;
  readonly materials: Readonly<Record<Split, Materials>>;
  /** Default: the experiment's. */
  readonly size?: RunSize;
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
  const { arm, seed, folder, difficulty, materials, size = setup, signal, onProgress } = run;
  const path = resultPath(folder, arm, seed);
  const known = await readJson(path);
  if (known !== undefined) return known as ArmResult;
  const params = initArm(arm, randomKey('motions', 'parameters', seed), setup.config);
  const model = armTrainee(arm, params, setup.config, setup.input);
  try {
    const { params: trained, ...effort } = await trainInStages({
      ...{ model, folder: join(folder, `${arm}-${seed}`), stages: armStages(run) },
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    const count = size.videos['held-out'];
    const key = setup.heldOutKey;
    const heldOut = new MotionClips(key, count, materials['held-out'], difficulty);
    const rates = await tested(model, trained, heldOut, signal).finally(() => tf.dispose(trained));
    const parameters = Object.values(params).reduce((sum, { size }) => sum + size, 0);
    const result: ArmResult = {
      ...{ arm, seed, parameters },
      ...rates,
      ...effort,
      machine: describeMachine(),
    };
    await writeJson(path, result);
    return result;
  } finally {
    tf.dispose(params);
  }
}

/** What an arm is trained on with a seed: plain clips, then clips like those of the test. */
export function armStages({
  seed,
  difficulty,
  materials,
  size = setup,
}: Pick<ArmRun, 'seed' | 'difficulty' | 'materials' | 'size'>): Stage[] {
  const stage = (name: setup.StageName, of: Difficulty): Stage => {
    const key = setup.trainingKey(seed, name);
    const train = new MotionClips(key, size.videos[name], materials.training, of);
    return { name, train, settings: { ...size.settings[name], seed } };
  };
  return [stage('plain', setup.plain), stage('clips', difficulty)];
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
    ofMotion: Object.fromEntries(shares) as Record<MotionName, number>,
    loss: loss / total,
  };
}
