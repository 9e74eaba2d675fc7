import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MotionName, motionNames } from '@neverend/trecvit-motions';
import { afterAll, expect, it } from 'vitest';
import type { ArmResult } from '../../src/motions/arm-result.ts';
import { type ArmName, armNames } from '../../src/motions/arms/time-mixers.ts';
import type { ExperimentResults } from '../../src/motions/experiment.ts';
import { publish, withReport } from '../../src/motions/publish.ts';
import { report } from '../../src/motions/report.ts';
import { seeds } from '../../src/motions/setup.ts';

const folder = await mkdtemp(join(tmpdir(), 'motions-report-'));
afterAll(() => rm(folder, { recursive: true }));

function resultOf(arm: ArmName, seed: number, accuracy: number): ArmResult {
  const shares = motionNames.map((motion) => [motion, accuracy]);
  return {
    ...{ arm, seed, parameters: 191_176, steps: 350, accuracy, loss: 1, seconds: 60 },
    ofMotion: Object.fromEntries(shares) as Record<MotionName, number>,
    machine: {
      ...{ cpu: 'A processor', cpus: 2, backend: 'tensorflow', versions: { node: '20.20.2' } },
      ...{ date: '2026-11-28T22:00:00.000Z', load: 1 },
    },
  };
}

const results = (accuracies: Readonly<Record<ArmName, readonly number[]>>): ExperimentResults => ({
  pilot: { level: 0.25, tried: [{ level: 0.25, results: [resultOf('lru', 0, 0.7)] }] },
  seeds,
  results: armNames.flatMap((arm) =>
    seeds.map((seed, at) => resultOf(arm, seed, accuracies[arm][at] as number)),
  ),
});

const mixed = results({
  lru: [0.7, 0.72, 0.71],
  attention: [0.6, 0.61, 0.62],
  lstm: [0.71, 0.65, 0.74],
  convolution: [0.8, 0.82, 0.81],
});

it('says who is ahead, who is behind and what three seeds do not decide', () => {
  const text = report(mixed, './motions.svg');
  expect(text).toContain('The LRU names 71.0 % of the held-out videos rightly; chance is 12.5 %.');
  expect(text).toContain('It is ahead of attention.');
  expect(text).toContain('It is behind causal convolution.');
  expect(text).toContain('Between it and LSTM three seeds do not decide');
  expect(text).toContain(
    "By their means the order is causal convolution, LRU (TRecViT), LSTM, attention; the paper's",
  );
  expect(text).toContain('| attention | 191,176 | 61.0 % ± 2.5 | +10.0 ± 2.5 | 60 | 62.4 % |');
  expect(text).toContain('at level 0.25, LRU (TRecViT) 70.0 %. Level 0.25 was taken.');
  expect(text).toContain('12 minutes of training in all');
});

it("says so where the order is the paper's", () => {
  const text = report(
    results({
      lru: [0.9, 0.9, 0.9],
      attention: [0.7, 0.7, 0.7],
      lstm: [0.8, 0.8, 0.8],
      convolution: [0.6, 0.6, 0.6],
    }),
    './motions.svg',
  );
  expect(text).toContain('It is ahead of attention, LSTM and causal convolution.');
  expect(text).toContain("By their means the arms stand in the paper's order");
});

it('refuses results in which a run is missing', () => {
  const { results: all, ...rest } = mixed;
  expect(() => report({ ...rest, results: all.slice(1) }, '')).toThrow(
    'there is no result of lru, seed 1',
  );
});

it('puts the report between the markers, and the chart beside it', async () => {
  const document = join(folder, 'motions.md');
  await writeFile(document, '# Title\n\n<!-- results -->\nold\n<!-- /results -->\n\nEnd.\n');
  await publish(mixed, { results: join(folder, 'results'), document });
  const text = await readFile(document, 'utf8');
  expect(text).toMatch(/^# Title\n\n<!-- results -->\n\n!\[/);
  expect(text).toMatch(/<!-- \/results -->\n\nEnd\.\n$/);
  expect(text).not.toContain('\nold\n');
  expect(JSON.parse(await readFile(join(folder, 'results', 'motions.json'), 'utf8'))).toEqual(
    mixed,
  );
  const svg = await readFile(join(folder, 'motions.svg'), 'utf8');
  for (const word of ['LRU (TRecViT)', 'causal convolution', 'paper, SSv2']) {
    expect(svg).toContain(word);
  }
  const png = await readFile(join(folder, 'motions.png'));
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
  // Twice the size that the SVG says.
  const width = Number(/ width="(\d+)"/.exec(svg)?.[1]);
  expect(png.readUInt32BE(16)).toBe(2 * width);
});

it('names the markers where a document lacks them', () => {
  expect(() => withReport('# Title\n', '')).toThrow(
    'the document has no <!-- results --> before a <!-- /results -->',
  );
});
