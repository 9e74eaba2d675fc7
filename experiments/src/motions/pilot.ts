import { join } from 'node:path';
import { readJson, writeJson } from '@neverend/checkpoint/node';
import type { ArmResult } from './arm-result.ts';
import type { ArmName } from './arms/time-mixers.ts';
import { type ArmRun, runArm } from './run-arm.ts';
import { difficultyAt } from './setup.ts';

/** The pilot's seed, which does not count. */
const pilotSeed = 0;
/** Tried in this order. */
const levels: readonly number[] = [0.125, 0.25, 0.5, 1];
/** The two that learn fastest. */
const pilotArms: readonly ArmName[] = ['lru', 'convolution'];
/** The first level at which neither passes this is taken, so that no arm passes 95 % with the seeds that count. */
export const highest = 0.9;

/** What the pilot found, before any seed that counts. */
export interface Pilot {
  /** The one that is taken. */
  readonly level: number;
  /** All that were tried, each with both arms. */
  readonly tried: readonly { readonly level: number; readonly results: readonly ArmResult[] }[];
}

/** Finds out how hard the clips must be. @param run what the arms are run with. @throws RangeError when all levels are too easy. */
export async function runPilot(run: Omit<ArmRun, 'arm' | 'seed' | 'difficulty'>): Promise<Pilot> {
  const path = join(run.folder, 'pilot.json');
  const known = await readJson(path);
  if (known !== undefined) return known as Pilot;
  const tried: { level: number; results: ArmResult[] }[] = [];
  for (const level of levels) {
    const results: ArmResult[] = [];
    const folder = join(run.folder, `pilot-${level}`);
    for (const arm of pilotArms) {
      const difficulty = difficultyAt(level);
      results.push(await runArm({ ...run, arm, seed: pilotSeed, difficulty, folder }));
    }
    tried.push({ level, results });
    if (results.every(({ accuracy }) => accuracy <= highest)) {
      const pilot: Pilot = { level, tried };
      await writeJson(path, pilot);
      return pilot;
    }
  }
  throw new RangeError(`an arm passed ${100 * highest} % at each level; train for fewer steps`);
}
