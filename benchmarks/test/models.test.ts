import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trecvitConfig } from '@neverend/trecvit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { casesOf } from '../src/cases/index.ts';
import { configOf } from '../src/cases/trecvit.ts';
import { endlessStreams, endlessTable } from '../src/endless.ts';
import { benchmark } from '../src/harness.ts';
import { profiles } from '../src/profiles.ts';
import { commandOf } from '../src/runner-list.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'neverend-benchmarks-'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const say = () => {};
const ofTi = casesOf('tiny').filter(({ id }) => id.startsWith('trecvit-ti-'));

describe('the cases of models', () => {
  it('are the released sizes at 224 x 224, a clip of 32 frames and a stream', () => {
    const full = casesOf('full').filter(({ video }) => video !== undefined);
    expect(full.map(({ id, video }) => [id, video?.frames])).toEqual([
      ['trecvit-ti-clip', 32],
      ['trecvit-ti-stream', 1],
      ['trecvit-s-clip', 32],
      ['trecvit-s-stream', 1],
      ['trecvit-b-clip', 32],
      ['trecvit-b-stream', 1],
    ]);
    expect(full.map(({ attrs }) => configOf(attrs))).toEqual(
      (['Ti', 'Ti', 'S', 'S', 'B', 'B'] as const).map((size) => trecvitConfig(size)),
    );
  });

  it('agree between backends, and are named where a runner has no such model', async () => {
    const { cases } = await benchmark({
      threads: [1],
      cases: ({ id }) => ofTi.some((one) => one.id === id),
      runners: ({ id }) => ['neverend-wasm', 'neverend-cpu', 'tfjs-wasm'].includes(id),
      size: 'tiny',
      secondsPerCase: 0.01,
      scratch,
      command: (kind, threads) => commandOf(kind, threads, 'no Python here'),
      say,
    });
    expect(cases).toHaveLength(2);
    for (const { outcomes } of cases) {
      expect(outcomes['neverend-cpu']).toEqual({ agrees: true });
      expect(outcomes['neverend-wasm']).toHaveProperty('milliseconds');
      expect(outcomes['tfjs-wasm']).toHaveProperty('unable');
    }
  });

  it('have a profile whose times are within those of the whole', async () => {
    const found = await profiles({
      cases: ofTi,
      runners: ({ id }) => id === 'neverend-wasm',
      threads: 1,
      command: (kind) => commandOf(kind, 1, 'no Python here'),
      scratch,
      say,
    });
    expect(found.map((one) => one.frames)).toEqual([5, 1]);
    for (const { milliseconds, operations } of found) {
      const sum = operations.reduce((total, one) => total + one.milliseconds, 0);
      expect(sum).toBeGreaterThan(0);
      expect(sum).toBeLessThan(milliseconds);
      // A kernel for each of two layers, at each run.
      const gates = operations.find(({ name }) => name === 'NeverendGatedRecurrence');
      expect(gates?.calls).toBe(2);
    }
  });

  it.runIf(process.env['NEVEREND_LONG'])('are timed early and late in a stream', async () => {
    const [one] = await endlessStreams({
      models: ['small'],
      frames: 30,
      rounds: 3,
      runners: ({ id }) => id === 'neverend-wasm',
      command: (kind) => commandOf(kind, 1, 'no Python here'),
      scratch,
      say,
    });
    expect(one).toMatchObject({ early: 10, frames: 30, first: { milliseconds: { runs: 15 } } });
    expect(one?.late.milliseconds.median).toBeGreaterThan(0);
    expect(endlessTable(one ? [one] : [])).toContain('| small | neverend-wasm |');
  });
});
