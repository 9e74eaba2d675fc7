import { mkdir } from 'node:fs/promises';
import { lockFolder } from '@neverend/checkpoint/node';
import type { TrainingProgress } from '@neverend/trecvit/training';
import type { ArmResult } from './arm-result.ts';
import { type ArmName, armNames } from './arms/time-mixers.ts';
import { type Materials, readMaterials } from './clips/materials.ts';
import type { Split } from './clips/split.ts';
import { type Pilot, runPilot } from './pilot.ts';
import { type RunSize, runArm } from './run-arm.ts';
import { difficultyAt, seeds } from './setup.ts';

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

/** The pilot, then each arm with each seed. Killed at any moment, the next call goes on. */
export async function runExperiment(options: ExperimentOptions): Promise<ExperimentResults> {
  const { folder, photos, signal, onProgress } = options;
  await mkdir(folder, { recursive: true });
  const unlock = await lockFolder(folder);
  try {
    const materials: Record<Split, Materials> = {
      training: await readMaterials('training', photos),
      'held-out': await readMaterials('held-out', photos),
    };
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
    const difficulty = difficultyAt(pilot.level);
    const results: ArmResult[] = [];
    for (const seed of seeds) {
      for (const arm of armNames) {
        const title = titleOf(arm, seed);
        results.push(await runArm({ ...shared, ...told(title), arm, seed, difficulty }));
      }
    }
    return { pilot, seeds, results };
  } finally {
    unlock();
  }
}

const titleOf = (arm: ArmName, seed: number): string => `${arm}, seed ${seed}`;
