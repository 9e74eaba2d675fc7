import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { EventRecord } from '../../src/environment/records.ts';
import type { ReportData } from '../../src/report/index.ts';
import { patience, results, runStart } from './run-start.ts';

let scratch: string;
let report: ReportData;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nevis-start-'));
  report = await runStart(scratch, 'true');
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
