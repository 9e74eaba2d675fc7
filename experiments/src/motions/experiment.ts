import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { keepEqual, lockFolder } from '@neverend/checkpoint/node';
import type { TrainingProgress } from '@neverend/trecvit/training';
import * as tf from '@tensorflow/tfjs-core';
import type { ArmResult } from './arm-result.ts';
import { type ArmName, armNames } from './arms/time-mixers.ts';
import { type Materials, readMaterials } from './clips/materials.ts';
import type { Split } from './clips/split.ts';
import { type Pilot, runPilot } from './pilot.ts';
import { type RunSize, runArm } from './run-arm.ts';
import * as setup from './setup.ts';

/** How the experiment is run. */
export interface ExperimentOptions {
  /** Where results and unfinished trainings lie. What is there is not done again. */
  readonly folder: string;
  /** A folder of photographs. Default: those of opencv-doc. */
  readonly photos?: string;
  /** In the place of the experiment's own, for tests. */
  readonly size?: RunSize;
  readonly signal?: AbortSignal;
  readonly onProgress?: (arm: string, progress: TrainingProgress) => void;
}

/** All that the experiment came to. */
export interface ExperimentResults {
  readonly pilot: Pilot;
  readonly seeds: readonly number[];
  readonly results: readonly ArmResult[];
}

/**
 * The pilot, then each arm with each seed. Killed at any moment, the next call goes on.
 *
 * @throws RunError where the folder has results of other photographs, sizes or another backend.
 */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResults> {
  const { folder, photos, signal, onProgress } = options;
  await mkdir(folder, { recursive: true });
  const unlock = await lockFolder(folder);
  try {
    const materials: Record<Split, Materials> = {
      training: await readMaterials('training', photos),
      'held-out': await readMaterials('held-out', photos),
    };
    const { settings, videos } = options.size ?? setup;
    const of = {
      ...{ backend: tf.getBackend(), config: setup.config, input: setup.input, settings, videos },
      photographs: Object.values(materials).map(({ fingerprint }) => fingerprint),
    };
    await keepEqual(join(folder, 'setup.json'), of, 'photographs or settings');
    const shared = {
      ...{ materials, folder },
      ...(options.size && { size: options.size }),
      ...(signal && { signal }),
    };
    const told = (title: string) =>
      onProgress && {
        onProgress: (progress: TrainingProgress) => onProgress(title, progress),
      };
    const pilot = await runPilot({ ...shared, ...told('pilot') });
    const difficulty = setup.difficultyAt(pilot.level);
    const results: ArmResult[] = [];
    for (const seed of setup.seeds) {
      for (const arm of armNames) {
        const title = titleOf(arm, seed);
        results.push(await runArm({ ...shared, ...told(title), arm, seed, difficulty }));
      }
    }
    return { pilot, seeds: setup.seeds, results };
  } finally {
    unlock();
  }
}

const titleOf = (arm: ArmName, seed: number): string => `${arm}, seed ${seed}`;
