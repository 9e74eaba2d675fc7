import { describe, expect, it } from 'vitest';
import { goalsOf, goalsTable, isMissed } from '../src/goals.ts';
import { report } from '../src/report.ts';
import type { CaseResult, Outcome, ProfileResult, Results } from '../src/results.ts';

const timed = (median: number): Outcome => ({
  milliseconds: { runs: 3, min: median, q1: median, median, q3: median },
  peakMiB: 2048,
});

function one(
  id: string,
  frames: number | undefined,
  gigaFlops: number,
  outcomes: Record<string, Outcome>,
): CaseResult {
  return {
    case: id,
    title: id,
    threads: 2,
    limit: { kind: 'gemm', amount: 1e9 * gigaFlops },
    tolerance: 1,
    ...(frames === undefined ? {} : { video: { model: id.replace(/-\w+$/, ''), frames } }),
    outcomes,
  };
}

/** A machine of 100 GFLOP/s, of which WebAssembly reaches 50. */
const product = one('matmul-2048', undefined, 16, {
  jax: timed(160),
  'neverend-wasm': timed(320),
});

const results = (cases: readonly CaseResult[], more: Partial<Results> = {}): Results => ({
  date: '2031-02-03T10:00:00.000Z',
  machine: { cpu: 'A', cpus: 2, memoryGiB: 24, system: 'Linux 6', node: 'v20.1.0', load: 0.3 },
  limits: { 2: { gemm: 100 } },
  runners: {},
  cases,
  ...more,
});

const measuredOf = (all: Results, text: string) => {
  const found = goalsOf(all).filter((goal) => goal.text === text);
  expect(found).toHaveLength(1);
  return found[0]?.value;
};

describe('the goals', () => {
  const all = results([
    product,
    one('trecvit-ti-clip', 32, 32, { jax: timed(960), 'neverend-tensorflow': timed(640) }),
    one('trecvit-ti-stream', 1, 1, { 'neverend-tensorflow': timed(25) }),
    one('trecvit-s-clip', 32, 32, { jax: timed(640), 'neverend-wasm': timed(800) }),
    one('trecvit-b-clip', 32, 320, { jax: timed(9000), 'neverend-tensorflow': timed(4000) }),
  ]);

  it('hold a frame of a stream against one of a clip', () => {
    // 25 ms beside 640 / 32.
    const text = 'tensorflow, TRecViT-Ti: a frame of a stream over one of a clip';
    expect(measuredOf(all, text)).toBeCloseTo(1.25);
  });

  it('hold clips against JAX', () => {
    expect(measuredOf(all, 'tensorflow, TRecViT-Ti: a clip over JAX')).toBeCloseTo(1.5);
    expect(measuredOf(all, 'wasm, TRecViT-S: a clip over JAX')).toBeCloseTo(0.8);
  });

  it('hold clips against the fastest product of any runner, and of wasm alone', () => {
    // 320 GFLOP in 4 s of 100 GFLOP/s; 32 GFLOP in 0.8 s of 50.
    expect(measuredOf(all, "tensorflow, TRecViT-B: a clip's share of the peak")).toBeCloseTo(0.8);
    expect(measuredOf(all, "wasm, TRecViT-S: a clip's share of its own peak")).toBeCloseTo(0.8);
  });

  it('are missed, met or unknown', () => {
    const lines = goalsTable(goalsOf(all));
    const line = (text: string) => lines.find((each) => each.includes(text));
    expect(line('TRecViT-Ti: a frame of a stream')).toContain('| at most 1.40x | 1.25x | met |');
    expect(line('TRecViT-Ti: a clip over')).toContain('| at least 2.00x | 1.50x | **missed** |');
    expect(line('TRecViT-S: a frame of a stream')).toContain('|  | not measured |');
  });

  it('are of two threads, and of models', () => {
    expect(goalsOf(results([product]))).toEqual([]);
    const single = all.cases.map((each) => ({ ...each, threads: 1 }));
    expect(goalsOf(results(single))).toEqual([]);
  });

  it.each([
    [1.04, false],
    [1.06, true],
  ])('let a late frame cost 5 %% more than an early one: %s', (ratio, missed) => {
    const timesOf = (median: number) => ({
      milliseconds: { runs: 1, min: median, q1: median, median, q3: median },
    });
    const of = { runner: 'neverend-wasm', model: 'small', early: 10, frames: 10_000 };
    const endless = [{ ...of, first: timesOf(10), late: timesOf(10 * ratio) }];
    const goal = goalsOf(results(all.cases, { endless })).at(-1);
    expect(goal?.value).toBeCloseTo(ratio);
    expect(goal && isMissed(goal)).toBe(missed);
  });
});

describe('the report of models', () => {
  const clip = one('trecvit-b-clip', 32, 320, {
    jax: timed(8000),
    torch: timed(6000),
    'neverend-tensorflow': { ...timed(4000), shareOfLimit: 0.8 },
  });
  const stream = one('trecvit-b-stream', 1, 10, {
    jax: timed(400),
    'neverend-tensorflow': timed(250),
  });
  const profile: ProfileResult = {
    ...{ case: 'trecvit-b-stream', title: 'a stream', runner: 'neverend-tensorflow' },
    ...{ threads: 2, date: '', frames: 1, milliseconds: 250 },
    operations: [{ name: 'MatMul', calls: 3, milliseconds: 200 }],
  };

  it('has milliseconds a frame, share, memory, ratios to the peers, and the stream over the clip', () => {
    const lines = report(results([product, clip, stream])).split('\n');
    const row = lines.find((line) => line.includes('neverend tensorflow** | 125'));
    expect(row).toBe(
      '| trecvit-b | **neverend tensorflow** | 125 ± 0 % | 80 % | 2.0 GiB | 2.00x | 1.50x | 250 ± 0 % |  | 2.0 GiB | 1.60x |  | 2.00x |',
    );
    expect(lines.find((line) => line.startsWith('| trecvit-b | JAX'))).toContain('| 250 ± 0 %');
    expect(lines[0]).toBe('### TRecViT on A, 2 CPUs');
  });

  it('shows where the time goes of what misses a goal alone', () => {
    const shown = (streamed: number) =>
      report(
        results(
          [
            product,
            { ...clip, outcomes: { ...clip.outcomes, 'neverend-tensorflow': timed(2000) } },
            { ...stream, outcomes: { 'neverend-tensorflow': timed(streamed) } },
          ],
          { profiles: [profile] },
        ),
      );
    expect(shown(250)).toContain('| MatMul | 3 | 200.00 | 80.0 % |');
    expect(shown(250)).toContain('| outside of operations |  | 50.00 | 20.0 % |');
    expect(shown(70)).not.toContain('MatMul |');
  });
});
