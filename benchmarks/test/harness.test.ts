import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { benchmark } from '../src/harness.ts';
import { report } from '../src/report.ts';
import { commandOf } from '../src/runner-list.ts';

const wrong = fileURLToPath(new URL('fixtures/wrong-runner.mjs', import.meta.url));
const runners = ['machine', 'tfjs-wasm', 'neverend-wasm', 'torch'];

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
  'encoder-block',
];

/** The whole harness at its small sizes; a runner that computes zeros takes the place of PyTorch. */
const run = () =>
  benchmark({
    threads: [1],
    cases: ({ id }) => cases.includes(id),
    runners: ({ id }) => runners.includes(id),
    size: 'tiny',
    secondsPerCase: 0.01,
    scratch,
    command: (kind, threads) =>
      kind.id === 'torch'
        ? { file: process.execPath, args: [wrong], env: process.env }
        : commandOf(kind, threads, 'no Python here'),
    say: () => {},
  });

describe('the harness', () => {
  it('times what agrees, refuses what does not, says who has no such operation, and reports it', async () => {
    const results = await run();
    const outcome = (id: string, runner: string) =>
      results.cases.find((one) => one.case === id)?.outcomes[runner];

    expect(results.cases.map((one) => one.case)).toEqual(cases);
    for (const { case: id, outcomes } of results.cases) {
      expect({ id, ...outcomes['neverend-wasm'] }).toMatchObject({
        id,
        milliseconds: { min: expect.any(Number), median: expect.any(Number) },
      });
      expect({ id, ...outcomes['torch'] }).not.toHaveProperty('milliseconds');
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
    expect(text).toContain('`torch`, softmax [5, 37]: array 0 differs');
    expect(text).toContain('it computes no gradients (');
  });
});
