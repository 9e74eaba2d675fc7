import { describe, expect, it } from 'vitest';
import { report } from '../src/report.ts';
import type { CaseResult, Results } from '../src/results.ts';

const measured = (date: string, load: number): CaseResult => ({
  case: 'softmax',
  title: 'softmax',
  threads: 1,
  date,
  load,
  limit: { kind: 'copy', amount: 1 },
  tolerance: 1,
  outcomes: {},
});

function reportOf(cases: readonly CaseResult[]): string {
  const results: Results = {
    date: '2031-02-03T10:00:00.000Z',
    machine: { cpu: 'A', cpus: 2, memoryGiB: 24, system: 'Linux 6', node: 'v20.1.0', load: 0.3 },
    limits: { 1: {} },
    runners: {},
    cases,
  };
  return report(results);
}

/** The line below the title. */
const heading = (cases: readonly CaseResult[]): string => reportOf(cases).split('\n')[2] ?? '';

describe("the report's heading", () => {
  it('says from when to when the cases were measured, and the largest load before one', () => {
    const text = heading([
      measured('2031-02-03T09:41:07.000Z', 1.5),
      measured('2031-02-01T23:59:59.000Z', 3.25),
      measured('2031-02-02T00:00:00.000Z', 0),
    ]);
    expect(text).toMatch(/^2031-02-01 to 2031-02-03, 24 GiB/);
    expect(text).toContain('load 3.25 or less before each case.');
  });

  it('gives the hours where all are of one day', () => {
    const text = heading([
      measured('2031-02-03T09:41:07.000Z', 0.5),
      measured('2031-02-03T01:05:00.000Z', 0.25),
    ]);
    expect(text).toMatch(/^2031-02-03, 01:05 to 09:41 UTC, 24 GiB/);
    expect(text).toContain('load 0.5 or less before each case.');
  });

  it('has the day and the load of the run where the cases have none', () => {
    const { date: _, load: __, ...older } = measured('', 0);
    const text = heading([older]);
    expect(text).toMatch(/^2031-02-03, 24 GiB/);
    expect(text).toContain('load 0.3 before the run.');
  });
});

describe("the report's cells", () => {
  it('have median, spread, share of the limit and peak of memory, as far as they are known', () => {
    const milliseconds = { runs: 5, min: 1, q1: 3, median: 4, q3: 5 };
    const text = reportOf([
      {
        ...measured('2031-02-03T09:41:07.000Z', 0),
        outcomes: {
          torch: { milliseconds, shareOfLimit: 0.25, peakMiB: 1536, way: 'a loop' },
          jax: { milliseconds },
        },
      },
    ]);
    expect(text).toContain('| 4 ± 25 %, 25 %, 1.5 GiB | 4 ± 25 % |');
    expect(text).toContain('- `torch` took `a loop`: softmax.');
  });
});
