import { leastOf, medianOf } from './machine-limits.ts';
import type { CaseResult, Outcome, Results } from './results.ts';
import { runnerKinds } from './runner-list.ts';

/** The cases, with each runner's share of the limit and our runners' ratios to the peers. */
export function withShares(cases: readonly CaseResult[], limits: Results['limits']): CaseResult[] {
  return cases.map((one) => {
    const least = leastOf(one, limits);
    const outcomes = Object.entries(one.outcomes).map(([id, outcome]): [string, Outcome] => {
      if (!('milliseconds' in outcome)) return [id, outcome];
      const { median } = outcome.milliseconds;
      const ratios = ofRole('ours').includes(id) ? peersOver(one, median) : undefined;
      return [
        id,
        {
          ...outcome,
          ...(least === undefined ? {} : { shareOfLimit: rounded(least / median) }),
          ...(ratios === undefined ? {} : { peersOverThis: ratios }),
        },
      ];
    });
    return { ...one, outcomes: Object.fromEntries(outcomes) };
  });
}

const ofRole = (role: string) =>
  runnerKinds.filter((kind) => kind.role === role).map(({ id }) => id);

function peersOver(one: CaseResult, ours: number): Record<string, number> {
  return Object.fromEntries(
    ofRole('peer').flatMap((peer) => {
      const theirs = medianOf(one, peer);
      return theirs === undefined ? [] : [[peer, rounded(theirs / ours)]];
    }),
  );
}

const rounded = (value: number): number => Number(value.toPrecision(3));
