import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors } from '@neverend/checkpoint/node';
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
