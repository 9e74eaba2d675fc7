import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import type { CaseResult, MachineLimits, Results } from './results.ts';

export function describeMachine(): Results['machine'] {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    load: currentLoad(),
  };
}

/** The mean number of processes that ran or waited in the last minute. */
export function currentLoad(): number {
  return Number((loadavg()[0] ?? 0).toFixed(1));
}

/** The median time of a runner on a case; undefined where it was not timed. */
export function medianOf({ outcomes }: CaseResult, runner: string): number | undefined {
  const outcome = outcomes[runner];
  return outcome && 'milliseconds' in outcome ? outcome.milliseconds.median : undefined;
}

/** What the machine did at most in the same run, by the number of threads. */
export function limitsOf(cases: readonly CaseResult[]): Results['limits'] {
  const limits: Record<string, MachineLimits> = {};
  for (const threads of new Set(cases.map((one) => one.threads))) {
    const here = cases.filter((one) => one.threads === threads);
    const bandwidth = (kind: string) =>
      here
        .filter(({ limit }) => limit.kind === kind)
        .sort((a, b) => b.limit.amount - a.limit.amount)
        .map((one) => one.limit.amount / (medianOf(one, 'machine') ?? Number.NaN) / 1e6)
        .find((value) => !Number.isNaN(value));
    const largest = here.find((one) => one.case === 'matmul-2048');
    const least = Object.values(largest?.outcomes ?? {}).map((outcome) =>
      'milliseconds' in outcome ? outcome.milliseconds.min : Number.POSITIVE_INFINITY,
    );
    const gemm = (largest?.limit.amount ?? 0) / Math.min(...least) / 1e6;
    const pickedRows = pickedRowsOf(here);
    const [copy, randomRows] = [bandwidth('copy'), bandwidth('random rows')];
    limits[String(threads)] = {
      ...(copy === undefined ? {} : { copy }),
      ...(randomRows === undefined ? {} : { randomRows }),
      ...(gemm > 0 ? { gemm } : {}),
      ...(Object.keys(pickedRows).length > 0 ? { pickedRows } : {}),
    };
  }
  return limits;
}

/** GB/s of the fastest run, by the number of rows of the table. */
function pickedRowsOf(cases: readonly CaseResult[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const { limit, outcomes } of cases) {
    if (limit.kind !== 'picked rows') continue;
    for (const outcome of Object.values(outcomes)) {
      if (!('milliseconds' in outcome)) continue;
      const speed = limit.amount / outcome.milliseconds.min / 1e6;
      most[limit.items] = Math.max(most[limit.items] ?? 0, speed);
    }
  }
  return most;
}

/** The milliseconds that a case takes at least, by what the machine did at most; undefined where that was not measured. */
export function leastOf(one: CaseResult, limits: Results['limits']): number | undefined {
  const { gemm, pickedRows = {} } = limits[String(one.threads)] ?? {};
  const { limit } = one;
  const over = (amount: number, speed: number | undefined) => speed && amount / speed / 1e6;
  switch (limit.kind) {
    case 'gemm':
      return over(limit.amount, gemm);
    case 'picked rows':
      return over(limit.amount, pickedRows[limit.items]);
    case 'layer': {
      const [products, rows] = [
        over(limit.amount, gemm),
        over(limit.bytes, pickedRows[limit.items]),
      ];
      return products && rows && products + rows;
    }
    default:
      return medianOf(one, 'machine');
  }
}
