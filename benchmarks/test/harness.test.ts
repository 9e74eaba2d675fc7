import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { benchmark } from '../src/harness.ts';
import type { Options } from '../src/options.ts';
import { report } from '../src/report.ts';
import type { Results } from '../src/results.ts';
import { commandOf } from '../src/runner-list.ts';

const wrong = fileURLToPath(new URL('fixtures/wrong-runner.mjs', import.meta.url));
const runners = ['machine', 'tfjs-wasm', 'neverend-wasm', 'tfjs-cpu', 'neverend-cpu', 'torch'];

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'neverend-benchmarks-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

/** Each operation once, and a gradient. */
const cases = [
  'matmul-2048',
  'softmax',
  'softmax-gradient',
  'layer-norm',
  'rms-norm',
  'gelu',
  'gather-rows',
  'scatter-add-rows',
  'adamw',
  'scan',
  'recurrent-block',
  'encoder-block',
];

/** The whole harness at its small sizes; a runner that computes zeros takes the place of PyTorch. */
const run = (wanted: readonly string[], more: Partial<Options> = {}) =>
  benchmark({
    threads: [1],
    cases: ({ id }) => wanted.includes(id),
    runners: ({ id }) => runners.includes(id),
    size: 'tiny',
    secondsPerCase: 0.01,
    scratch,
    command: (kind, threads) =>
      kind.id === 'torch'
        ? { file: process.execPath, args: [wrong], env: process.env }
        : commandOf(kind, threads, 'no Python here'),
    say: () => {},
    ...more,
  });

describe('the harness', () => {
  it('times what agrees, refuses what does not, says who has no such operation, and reports it', async () => {
    const results = await run(cases);
    const outcome = (id: string, runner: string) =>
      results.cases.find((one) => one.case === id)?.outcomes[runner];

    expect(results.cases.map((one) => one.case)).toEqual(cases);
    for (const { case: id, outcomes } of results.cases) {
      expect({ id, ...outcomes['neverend-wasm'] }).toMatchObject({
        id,
        milliseconds: { min: expect.any(Number), median: expect.any(Number) },
      });
      expect({ id, ...outcomes['torch'] }).not.toHaveProperty('milliseconds');
      for (const cpu of ['tfjs-cpu', 'neverend-cpu']) {
        expect({ id, cpu, ...outcomes[cpu] }).toEqual({ id, cpu, agrees: true });
      }
    }
    expect(outcome('softmax', 'torch')).toMatchObject({
      disagrees: expect.stringContaining('differs'),
    });
    expect(outcome('softmax', 'machine')).toHaveProperty('milliseconds');
    expect(outcome('softmax', 'neverend-wasm')).toMatchObject({
      shareOfLimit: expect.any(Number),
      peersOverThis: { 'tfjs-wasm': expect.any(Number) },
    });
    expect(outcome('softmax-gradient', 'torch')).toEqual({
      unable: 'it computes no gradients',
    });
    expect(results.limits['1']).toMatchObject({
      copy: expect.any(Number),
      randomRows: expect.any(Number),
      gemm: expect.any(Number),
    });

    const text = report(results);
    expect(text).toContain('TF.js wasm');
    expect(text).toContain(
      `\`neverend-cpu\` (JavaScript on the CPU) was checked on ${cases.length} cases of small size, not timed.`,
    );
    expect(text).toContain('`torch`, softmax [5, 37]: array 0 differs');
    expect(text).toContain('it computes no gradients (');
  });

  it('goes on from results that it has, and hands over all after each case', async () => {
    const only = { runners: ({ id }: { id: string }) => id === 'neverend-wasm' };
    const saved: Results[] = [];
    const first = await run(['rms-norm'], { ...only, save: (results) => saved.push(results) });
    const all = await run(['softmax', 'rms-norm'], {
      ...only,
      known: first,
      save: (results) => saved.push(results),
    });
    const names = (results: Results | undefined) => results?.cases.map((one) => one.case);
    expect(saved.map(names)).toEqual([['rms-norm'], ['softmax', 'rms-norm']]);
    expect(names(all)).toEqual(['softmax', 'rms-norm']);
    expect(all.cases[1]).toEqual(first.cases[0]);
    expect(Date.parse(all.cases[0]?.date ?? '')).toBeGreaterThan(
      Date.parse(first.cases[0]?.date ?? ''),
    );
    expect(all.cases[0]?.load).toBeGreaterThanOrEqual(0);
    expect(all.runners).toEqual(first.runners);
  });
});
