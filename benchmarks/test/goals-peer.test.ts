import { describe, expect, it } from 'vitest';
import { goalsOf, isMissed } from '../src/goals.ts';
import { leastOf, limitsOf } from '../src/machine-limits.ts';
import { report } from '../src/report.ts';
import type { CaseResult, Outcome, Results } from '../src/results.ts';
import { withShares } from '../src/shares.ts';
import type { Limit } from '../src/types.ts';

const timed = (median: number): Outcome => ({
  milliseconds: { runs: 3, min: median, q1: median, median, q3: median },
});

const one = (id: string, limit: Limit, outcomes: Record<string, Outcome>): CaseResult => ({
  ...{ case: id, title: id, threads: 2, limit, tolerance: 1, outcomes },
  ...(id.startsWith('peer') && { items: 4 }),
});

const layer = (amount: number, bytes: number): Limit => ({
  ...{ kind: 'layer', amount, bytes, items: 4 },
});
const rows = (amount: number): Limit => ({ kind: 'picked rows', amount, items: 4 });

// 100 GFLOP/s, and rows at 10 GB/s by the fastest.
const cases = [
  one('matmul-2048', { kind: 'gemm', amount: 16e9 }, { jax: timed(160) }),
  one('peer-1024-row-sums', rows(1e9), { torch: timed(100), 'neverend-wasm': timed(200) }),
  one('peer-1024-row-products', rows(1e9), { torch: timed(400) }),
  // 10 ms of products and 5 ms of rows.
  one('peer-1024-forward', layer(1e9, 5e7), {
    ...{ torch: timed(100), 'torch-compiled': timed(60) },
    ...{ 'neverend-tensorflow': timed(20), 'neverend-wasm': timed(40) },
  }),
  one('peer-1024-adagrad', layer(2e9, 5e8), {
    ...{ torch: timed(400), 'neverend-tensorflow': timed(140) },
  }),
  one('peer-256-adagrad', layer(1e9, 4e8), { 'neverend-tensorflow': timed(100) }),
  one('peer-1024-adam', layer(1, 1), { torch: timed(1400), 'torch-compiled': timed(700) }),
];

const limits = limitsOf(cases);
const results: Results = {
  date: '2031-02-03T10:00:00.000Z',
  machine: { cpu: 'A', cpus: 2, memoryGiB: 24, system: 'Linux 6', node: 'v20.1.0', load: 0.3 },
  ...{ limits, runners: {}, cases: withShares(cases, limits) },
};

describe('the goals of PEER', () => {
  it('have limits of products at the peak and rows at the speed of the fastest', () => {
    expect(limits['2']).toMatchObject({ gemm: 100, pickedRows: { 4: 10 } });
    const least = cases.map((each) => leastOf(each, limits));
    expect(least).toEqual([160, 100, 100, 15, 70, 50, 0].map((value) => expect.closeTo(value, 6)));
  });

  it('are held against the faster of eager and compiled, and a step at 1024² against its own at 256²', () => {
    const found = goalsOf(results);
    expect(found.map(({ value }) => value)).toEqual([
      expect.closeTo(15 / 20, 6),
      3,
      1.5,
      expect.closeTo(400 / 140, 6),
      5,
      // Twice its limit at both.
      expect.closeTo(1, 6),
    ]);
    expect(found.map(isMissed)).toEqual([false, true, true, true, false, false]);
  });

  it('ask for more of a machine of more than 200 GFLOP/s', () => {
    const faster = { ...results, limits: { 2: { gemm: 300 } } };
    expect(goalsOf(faster)[1]?.bound).toEqual({ least: 8 });
  });

  it('stand below a table with the limit of each case', () => {
    const profile = {
      ...{ case: 'peer-1024-forward', title: 'forward', runner: 'neverend-wasm', threads: 2 },
      ...{ date: '', milliseconds: 40, operations: [{ name: 'A', calls: 2, milliseconds: 30 }] },
    };
    const text = report({ ...results, profiles: [profile] });
    expect(text).toContain('### PEER on A, 2 CPUs');
    expect(text).toContain('rows out of 4 10.0 GB/s');
    expect(text).toContain('| peer-1024-forward | 15 |');
    expect(text).toContain(
      '| wasm, 1024² experts: forward over PyTorch | at least 3.00x | 1.50x | **missed** |',
    );
    expect(text).toContain('| A | 2 | 30.00 | 75.0 % |');
    expect(text).toContain('40.0 ms a run');
  });
});
