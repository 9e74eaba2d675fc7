import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { lockFolder, makeFolder, removeParts, writeJson } from '@neverend/checkpoint/node';
import type { ReportData } from '../report/index.ts';
import { checkFolder, writeConfig } from './keep-config.ts';
import { checkEvents, keepManifest, openManifest } from './manifest.ts';
import type { EventRecord } from './records.ts';
import { collectReportData } from './report-data.ts';
import { customPreset, type RunConfig } from './run-config.ts';
import { runLearner } from './run-learner.ts';
import { checkRunOptions, type RunOptions } from './run-options.ts';
import { version } from './version.ts';

/**
 * Runs learners through a stream and writes, in `folder`: `config.json`, `manifest.json` (the tasks in their order, and hashes of the data),
 * for each learner the `config.json` it was made with, `metrics.json`, `predictions/` and `states/`, then `report-data.json`; all of them are
 * functions of the settings, the data and the backend, byte for byte. Wall times go to `timing.jsonl`.
 *
 * @returns the report's data.
 * @throws RunError when the folder is in use, holds a run with other settings, other tasks or other data, or is not empty and holds none.
 * @throws DataError naming the task that cannot be learned or predicted, before the first step. @throws TypeError for an unknown option.
 */
export async function runStream(options: RunOptions): Promise<ReportData> {
  checkRunOptions(options);
  const { folder, stream, learners, seed, signal, command } = options;
  const { progress = () => undefined } = options;
  checkEvents(stream);
  const config: RunConfig = {
    schema: 1,
    program: `@neverend/nevis-stream ${version()}`,
    preset: options.preset ?? customPreset,
    seed,
    backend: options.backend,
    stream: options.streamSettings ?? stream.name,
    learners: learners.map(({ name, title, settings }) => ({ name, title, settings })),
  };
  await checkFolder(folder, config);
  await makeFolder(folder);
  const unlock = await lockFolder(folder);
  try {
    // Another process may have been here before the lock was.
    await checkFolder(folder, config);
    const isNew = await writeConfig(folder, config);
    const manifest = await openManifest(stream, progress, signal).catch(async (error: unknown) => {
      // A run that cannot be is none: its folder is free for one that is mended. One that was stopped can go on.
      if (isNew && !signal?.aborted) await rm(join(folder, 'config.json'));
      throw error;
    });
    await keepManifest(folder, manifest);
    await removeParts(folder, ['config.json', 'manifest.json', 'report-data.json', 'report.html']);

    const records = new Map<string, readonly EventRecord[]>();
    for (const learner of learners) {
      const done = await runLearner({ folder, config, learner, stream, seed, progress, signal });
      records.set(learner.name, done);
      await writeJson(join(folder, learner.name, 'metrics.json'), {
        learner: learner.name,
        events: done,
      });
    }
    progress({ phase: 'report', label: 'report', done: 0, total: 1 });
    const report = await collectReportData({
      ...{ folder, config, stream, learners, records, command },
    });
    await writeJson(join(folder, 'report-data.json'), report);
    progress({ phase: 'report', label: 'report', done: 1, total: 1 });
    return report;
  } finally {
    unlock();
  }
}
