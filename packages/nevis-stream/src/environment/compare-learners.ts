import { holm, mcNemar, type PairedExamples, pairedBootstrap } from '../metrics/index.ts';
import { pairsOf } from '../metrics/paired-bootstrap.ts';
import type {
  ReportAverageComparison,
  ReportComparisons,
  ReportTaskComparison,
} from '../report/index.ts';
import type { DatasetKey } from '../types.ts';

/** What a learner got wrong at one position of the stream. */
export interface Outcome {
  readonly position: number;
  readonly dataset: DatasetKey;
  /** `[size]`: 1 where the learner was wrong. */
  readonly wrong: Uint8Array;
}

/** The chance that any of the differences of a family is shown where there is none. */
const level = 0.05;

/** With fewer examples that tell two learners apart, the ends of an interval mean little. */
const fewest = 10;

/**
 * Compares each learner with each on the examples that both predicted: their average errors by a paired bootstrap, their errors on
 * each task by McNemar's test. Both are corrected for the number of pairs.
 *
 * @param outcomes By the learners' names, in the order of the stream; averages are of the learners that got furthest.
 */
export function compareLearners(
  outcomes: ReadonlyMap<string, readonly Outcome[]>,
  seed: number,
): ReportComparisons {
  const furthest = Math.max(0, ...[...outcomes.values()].map(({ length }) => length));
  const equals = [...outcomes].filter(([, { length }]) => length === furthest && length > 0);
  const positions = [...new Set([...outcomes.values()].flat().map(({ position }) => position))];
  return {
    level,
    average: compareAverages(equals, seed),
    tasks: positions.flatMap((position) => compareOnTask(outcomes, position)),
  };
}

function compareAverages(
  learners: readonly (readonly [name: string, outcomes: readonly Outcome[]])[],
  seed: number,
): ReportAverageComparison[] {
  const keys = [...new Set(learners.flatMap(([, all]) => all.map(({ dataset }) => dataset)))];
  const groups = keys.map((key): PairedExamples => {
    const of = (all: readonly Outcome[]) => all.filter(({ dataset }) => dataset === key);
    return { wrong: learners.map(([, all]) => of(all).map(({ wrong }) => wrong)) };
  });
  const pairs = pairsOf(learners.length).length;
  return pairedBootstrap(groups, level / pairs, [seed, 'bootstrap']).map(
    ({ pair: [first, second], ...interval }) => {
      const [a = [], b = []] = [first, second].map((learner) => learners[learner]?.[1]);
      const telling = a.reduce((sum, outcome, at) => {
        const [onlyFirst, onlySecond] = disagreements(outcome.wrong, b[at]?.wrong ?? outcome.wrong);
        return sum + onlyFirst + onlySecond;
      }, 0);
      return {
        learners: [learners[first]?.[0] ?? '', learners[second]?.[0] ?? ''],
        ...interval,
        shown: telling >= fewest && (interval.low > 0 || interval.high < 0),
      };
    },
  );
}

function compareOnTask(
  outcomes: ReadonlyMap<string, readonly Outcome[]>,
  position: number,
): ReportTaskComparison[] {
  const learners = [...outcomes].flatMap(([name, all]) => {
    const outcome = all.find((one) => one.position === position);
    return outcome === undefined ? [] : [{ name, wrong: outcome.wrong }];
  });
  const pairs = pairsOf(learners.length).flatMap(([first, second]) => {
    const [a, b] = [learners[first], learners[second]];
    if (a === undefined || b === undefined) return [];
    const [onlyFirst, onlySecond] = disagreements(a.wrong, b.wrong);
    return [{ position, learners: [a.name, b.name] as const, onlyFirst, onlySecond }];
  });
  const pValues = holm(pairs.map(({ onlyFirst, onlySecond }) => mcNemar(onlyFirst, onlySecond)));
  return pairs.map((pair, at) => {
    const pValue = pValues[at] ?? 1;
    return { ...pair, pValue, shown: pValue <= level };
  });
}

/** How many examples one alone gets wrong, and how many the other alone. */
function disagreements(
  first: Uint8Array,
  second: Uint8Array,
): readonly [onlyFirst: number, onlySecond: number] {
  let onlyFirst = 0;
  let onlySecond = 0;
  for (const [at, wrong] of first.entries()) {
    if (wrong === second[at]) continue;
    if (wrong === 1) onlyFirst++;
    else onlySecond++;
  }
  return [onlyFirst, onlySecond];
}
