import type { ReportAverageComparison, ReportData, ReportLearner } from './report-data.ts';

/** A learner, with its place in the report data and its average error. */
export interface Ranked {
  readonly learner: ReportLearner;
  readonly index: number;
  readonly error: number;
  /** Its average error minus the lowest one; undefined for the one that has it, and where nothing compares them. */
  readonly behind: Behind | undefined;
}

/** A difference to the lowest average error, with its place in the report data. */
interface Behind extends Pick<ReportAverageComparison, 'difference' | 'low' | 'high'> {
  readonly shown: boolean;
  readonly at: number;
}

/** The learners that got furthest, by their average error. */
export interface Ranking {
  /** Tasks that they have done. */
  readonly done: number;
  readonly ranked: readonly Ranked[];
  /** The one that errs least, where a test says so of it and every other one. */
  readonly winner: Ranked | undefined;
  /** Without a winner: those among which no difference to the lowest average is shown. */
  readonly tied: readonly Ranked[];
}

export function rankLearners({ learners, comparisons }: ReportData): Ranking {
  const done = Math.max(0, ...learners.map(({ tasks }) => tasks.length));
  const furthest = learners
    .flatMap((learner, index) =>
      learner.tasks.length === done && learner.averageErrorRate !== null
        ? [{ learner, index, error: learner.averageErrorRate }]
        : [],
    )
    .sort((a, b) => a.error - b.error);
  const [best] = furthest;
  const ranked = furthest.map((one) => ({
    ...one,
    behind: best && behindOf(comparisons.average, one.learner.name, best.learner.name),
  }));
  const tied = ranked.filter((one, place) => place === 0 || !one.behind?.shown);
  const alone = ranked.length > 1 && tied.length === 1;
  return { done, ranked, winner: alone ? tied[0] : undefined, tied: alone ? [] : tied };
}

function behindOf(
  average: readonly ReportAverageComparison[],
  learner: string,
  best: string,
): Behind | undefined {
  const at = average.findIndex(
    ({ learners }) => learners.includes(learner) && learners.includes(best) && learner !== best,
  );
  const found = average[at];
  if (found === undefined) return undefined;
  const { difference, low, high, shown, learners } = found;
  return learners[0] === learner
    ? { difference, low, high, shown, at }
    : { difference: -difference, low: -high, high: -low, shown, at };
}
