import { casesOf } from './cases/index.ts';
import { Field } from './field.ts';
import { describeMachine, limitsOf } from './machine-limits.ts';
import { oneByOne } from './one-by-one.ts';
import type { Options } from './options.ts';
import type { CaseResult, Results, RunnerResult } from './results.ts';
import { withShares } from './shares.ts';
import type { Case } from './types.ts';

/** Runs every case on every runner: checks that they agree, then times them in turns. */
export async function benchmark(options: Options): Promise<Results> {
  const machine = describeMachine();
  const wanted = casesOf(options.size).filter(options.cases);
  const { known } = options;
  const cases: CaseResult[] =
    known?.cases.map((one) => ({ date: known.date, load: known.machine.load, ...one })) ?? [];
  const runners: Record<string, Record<string, RunnerResult[string]>> = {};
  for (const [id, byThreads] of Object.entries(known?.runners ?? {})) {
    runners[id] = { ...byThreads };
  }
  const say = ({ title }: Case, threads: number) =>
    options.say(`${title}, ${threads} thread${threads === 1 ? '' : 's'}`);
  const order = casesOf(options.size).map(({ id }) => id);
  const results = (): Results => {
    const limits = limitsOf(cases);
    cases.sort((a, b) => a.threads - b.threads || order.indexOf(a.case) - order.indexOf(b.case));
    return {
      date: new Date().toISOString(),
      machine,
      limits,
      runners,
      cases: withShares(cases, limits),
    };
  };
  for (const threads of options.threads) {
    const left = wanted.filter(
      ({ id }) => !cases.some((known) => known.case === id && known.threads === threads),
    );
    // Memory that a backend has taken it may keep: a group of large cases starts with new processes.
    const groupOf = (one: Case) => (options.size === 'tiny' ? 'all' : one.group);
    const known = (described: Field['described']) => {
      for (const [id, result] of described) {
        runners[id] ??= {};
        (runners[id] as Record<string, RunnerResult[string]>)[String(threads)] = result;
      }
    };
    for (const group of new Set(left.map(groupOf))) {
      const ofGroup = left.filter((each) => groupOf(each) === group);
      if (ofGroup.every(({ alone }) => alone)) {
        for (const one of ofGroup) {
          say(one, threads);
          cases.push(await oneByOne(one, options, threads, known));
          options.save?.(results());
        }
        continue;
      }
      const field = new Field(options, threads);
      try {
        await field.start(ofGroup);
        known(field.described);
        for (const one of ofGroup) {
          say(one, threads);
          cases.push(await field.run(one));
          options.save?.(results());
        }
      } finally {
        await field.end();
      }
    }
  }
  return results();
}
