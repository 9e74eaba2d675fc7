import type { ArmResult } from './arm-result.ts';
import { type ArmName, armNames } from './arms/time-mixers.ts';
import { type Interval, interval } from './statistics.ts';

/** One arm over all seeds. */
export interface ArmSummary {
  readonly arm: ArmName;
  readonly parameters: number;
  /** In the order of the seeds. */
  readonly accuracies: readonly number[];
  readonly accuracy: Interval;
  /** How much better the LRU was, seed by seed; undefined for itself. */
  readonly behindLru: Interval | undefined;
  /** The mean of a training. */
  readonly seconds: number;
}

/** @param results of each arm with each seed. @throws RangeError when one is missing. */
export function summarize(results: readonly ArmResult[], seeds: readonly number[]): ArmSummary[] {
  const ofArm = (arm: ArmName) =>
    seeds.map((seed) => {
      const found = results.find((result) => result.arm === arm && result.seed === seed);
      if (found === undefined) throw new RangeError(`there is no result of ${arm}, seed ${seed}`);
      return found;
    });
  const lru = ofArm('lru').map(({ accuracy }) => accuracy);
  return armNames.map((arm) => {
    const runs = ofArm(arm);
    const accuracies = runs.map(({ accuracy }) => accuracy);
    const differences = accuracies.map((accuracy, at) => (lru[at] as number) - accuracy);
    return {
      arm,
      parameters: runs[0]?.parameters ?? 0,
      accuracies,
      accuracy: interval(accuracies),
      behindLru: arm === 'lru' ? undefined : interval(differences),
      seconds: runs.reduce((sum, { seconds }) => sum + seconds, 0) / runs.length,
    };
  });
}
