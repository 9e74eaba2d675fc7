import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/commands.ts';
import type { EventRecord } from '../../src/environment/records.ts';
import { type Preset, presets } from '../../src/presets.ts';
import type { ReportData } from '../../src/report/index.ts';

// Two whole runs of what `npm start` does: minutes.
const patience = 30 * 60_000;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nevis-start-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

function runStart(labels: 'true' | 'shuffled'): Promise<ReportData> {
  const { summary: _, ...preset } = presets['start'] as Preset;
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
function results({ learners, stream }: ReportData) {
  return learners.flatMap(({ name, tasks }) =>
    tasks.map(({ position, errorRate }) => {
      const task = stream.tasks[position];
      if (task === undefined) throw new Error(`no task at position ${position}`);
      const { majorityErrorRate, evalSize, numClasses } = task;
      return {
        learner: name,
        task: `${task.name} (${task.year})`,
        errorRate,
        majorityErrorRate,
        evalSize,
        numClasses,
      };
    }),
  );
}

describe('the preset start', () => {
  let report: ReportData;
  beforeAll(async () => {
    report = await runStart('true');
  }, patience);

  it('takes three learners through all five tasks', () => {
    expect(results(report)).toHaveLength(15);
  });

  it('leaves each learner with at most half of the majority-class error, on MNIST-rot three quarters', () => {
    for (const { learner, task, errorRate, majorityErrorRate } of results(report)) {
      const share = task.startsWith('MNIST-rot') ? 0.75 : 0.5;
      expect(errorRate, `${learner} on ${task}`).toBeLessThanOrEqual(share * majorityErrorRate);
    }
  });

  it('shows the numbers that are in the files of the run', async () => {
    for (const { name, tasks } of report.learners) {
      const text = await readFile(join(scratch, 'true', name, 'metrics.json'), 'utf8');
      const events = (JSON.parse(text) as { events: EventRecord[] }).events;
      const errors = events.flatMap((event) =>
        event.type === 'predict' ? [event.metrics.errorRate] : [],
      );
      expect(tasks.map(({ errorRate }) => errorRate)).toEqual(errors);
    }
  });
});

describe('the preset start on shuffled labels', () => {
  it(
    'leaves every learner at chance',
    async () => {
      for (const result of results(await runStart('shuffled'))) {
        const { learner, task, errorRate, majorityErrorRate, evalSize } = result;
        // Chance is the error of whoever knows how frequent classes are and nothing of the image. Four standard
        // deviations of a binomial leave one false alarm in 30 000 comparisons, were images independent.
        const deviation = Math.sqrt((majorityErrorRate * (1 - majorityErrorRate)) / evalSize);
        expect(errorRate, `${learner} on ${task}`).toBeGreaterThan(
          majorityErrorRate - 4 * deviation,
        );
      }
    },
    patience,
  );
});
