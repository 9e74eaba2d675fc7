import { join } from 'node:path';
import type { MotionName } from '@neverend/trecvit-motions';
import type { ArmName } from './arms/time-mixers.ts';

/** What one arm came to with one seed. */
export interface ArmResult {
  readonly arm: ArmName;
  readonly seed: number;
  readonly parameters: number;
  readonly steps: number;
  /** The share of the held-out videos that were named rightly. */
  readonly accuracy: number;
  /** The same of the videos of each motion. */
  readonly ofMotion: Readonly<Record<MotionName, number>>;
  /** The mean of -log of the right motion's probability. */
  readonly loss: number;
  /** Of the training's steps. */
  readonly seconds: number;
  readonly machine: Machine;
}

/** Where and with what a result was made. */
export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly backend: string;
  readonly versions: Readonly<Record<string, string>>;
  /** When it ended, as ISO 8601 has it. */
  readonly date: string;
  /** Of the last minute, when it ended. */
  readonly load: number;
}

/** Where a result lies in a run's folder. */
export const resultPath = (folder: string, arm: ArmName, seed: number): string =>
  join(folder, `${arm}-${seed}.json`);
