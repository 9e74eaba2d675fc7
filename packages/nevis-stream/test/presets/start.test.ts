import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors } from '@neverend/checkpoint/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../../src/commands.ts';
import type { EventRecord } from '../../src/environment/records.ts';
import { type Preset, presets } from '../../src/presets.ts';
import type { ReportData } from '../../src/report/index.ts';

/** A whole run of what `npm start` does takes minutes. */
const patience = 30 * 60_000;

const whole = presets['start'] as Preset;

/** The same learners on less data, with a third of the steps at one of the learning rates; the whole where NEVEREND_LONG is set. */
const small: Preset = {
  ...whole,
  stream: { ...whole.stream, limit: { train: 1600, dev: 200, eval: 500 } },
  learners: whole.learners.map((learner) => ({
    ...learner,
    search: {
      ...learner.search,
      ...{ steps: 100, warmupSteps: 10, checkpointEvery: 100 },
      learningRates: [learner.backbone.kind === 'vit' ? 3e-3 : 1e-2],
    },
  })),
};

/** What would learn from labels in the wrong place would do so with a smaller transformer, in fewer steps. */
const smaller: Preset = {
  ...small,
  learners: small.learners.map((learner) => ({
    ...learner,
    backbone:
      learner.backbone.kind === 'vit'
        ? { ...learner.backbone, width: 32, depth: 1, mlpWidth: 64 }
        : learner.backbone,
    search: { ...learner.search, steps: 50, checkpointEvery: 50 },
  })),
};

let scratch: string;
let report: ReportData;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nevis-start-'));
  report = await runStart('true');
}, patience);
afterAll(() => rm(scratch, { recursive: true, force: true }));

it('takes three learners through all five tasks', () => {
  expect(results(report)).toHaveLength(15);
});

it('leaves each learner with at most half of the majority-class error, on MNIST-rot three quarters', () => {
  for (const { learner, task, errorRate, majorityErrorRate } of results(report)) {
    const share = task.startsWith('MNIST-rot') ? 0.75 : 0.5;
    expect(errorRate, `${learner} on ${task}`).toBeLessThanOrEqual(share * majorityErrorRate);
  }
});

it(
  'learns nothing from shuffled labels: every learner is at chance',
  async () => {
    const { learners, ...shuffled } = await runStart('shuffled');
    for (const learner of learners) {
      const tasks = results({ ...shuffled, learners: [learner] });
      const sum = (of: (result: (typeof tasks)[number]) => number) =>
        tasks.reduce((total, result) => total + of(result), 0);
      // Whoever fitted noise gives look-alike images the same answer, and on one task that may be right by luck for a third of
      // them; over all tasks a tenth is much.
      expect(
        sum(({ errorRate }) => errorRate),
        learner.name,
      ).toBeGreaterThan(0.9 * sum(({ majorityErrorRate }) => majorityErrorRate));
      for (const { task, errorRate, majorityErrorRate } of tasks) {
        expect(errorRate, `${learner.name} on ${task}`).toBeGreaterThan(0.6 * majorityErrorRate);
      }
    }
  },
  patience,
);

it('shows the numbers that are in the files of the run', async () => {
  const page = await readFile(join(scratch, 'true', 'report.html'), 'utf8');
  for (const { name, tasks } of report.learners) {
    const folder = join(scratch, 'true', name);
    const text = await readFile(join(folder, 'metrics.json'), 'utf8');
    const events = (JSON.parse(text) as { events: EventRecord[] }).events;
    const predictions = events.filter((event) => event.type === 'predict');
    expect(predictions).toHaveLength(5);
    for (const [index, { file, metrics, cumulativeFlops }] of predictions.entries()) {
      const task = tasks[index];
      // The error again, from what was predicted.
      const { tensors } = await readSafetensors(join(folder, 'predictions', file));
      const errors = wrong(
        tensors['logits']?.data as Float32Array,
        tensors['labels']?.data as Int32Array,
      );
      expect(metrics.errors).toBe(errors);
      expect(task?.errorRate).toBe(errors / metrics.size);
      const { train, validation, prediction } = cumulativeFlops;
      expect(BigInt(task?.cumulativeFlops ?? 0)).toBe(
        BigInt(train) + BigInt(validation) + BigInt(prediction),
      );
      expect(page).toContain(`${((100 * errors) / metrics.size).toFixed(2)}%`);
    }
  }
});

/** How many rows of logits do not have their largest number at the label. */
function wrong(logits: Float32Array, labels: Int32Array): number {
  const classes = logits.length / labels.length;
  return labels.filter((label, row) => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores)) !== label;
  }).length;
}

function runStart(labels: 'true' | 'shuffled'): Promise<ReportData> {
  const less = labels === 'true' ? small : smaller;
  const { summary: _, ...preset } = process.env['NEVEREND_LONG'] ? whole : less;
  return run(
    join(scratch, labels),
    { ...preset, preset: 'start', seed: 0, stream: { ...preset.stream, labels } },
    {
      cache: join(scratch, 'cache'),
      progress: () => {},
      signal: new AbortController().signal,
      note: () => {},
    },
  );
}

/** Every learner on every task, with the task's majority-class error. */
function results({ learners, stream }: ReportData): {
  readonly learner: string;
  readonly task: string;
  readonly errorRate: number;
  readonly majorityErrorRate: number;
}[] {
  return learners.flatMap(({ name, tasks }) =>
    tasks.map(({ position, errorRate }) => {
      const task = stream.tasks[position];
      if (task === undefined) throw new Error(`no task at position ${position}`);
      const { majorityErrorRate, year } = task;
      return { learner: name, task: `${task.name} (${year})`, errorRate, majorityErrorRate };
    }),
  );
}
