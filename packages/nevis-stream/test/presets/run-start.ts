import { join } from 'node:path';
import { run } from '../../src/commands.ts';
import { type Preset, presets } from '../../src/presets.ts';
import type { ReportData } from '../../src/report/index.ts';

/** A whole run of what `npm start` does takes minutes. */
export const patience: number = 30 * 60_000;

export function runStart(scratch: string, labels: 'true' | 'shuffled'): Promise<ReportData> {
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
export function results({ learners, stream }: ReportData): {
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
