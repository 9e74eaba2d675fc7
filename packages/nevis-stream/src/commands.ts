import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { RunError, readJson, writeFileAtomic } from '@neverend/checkpoint/node';
import { quoted } from '@neverend/command-line';
import * as tf from '@tensorflow/tfjs-core';
import { isRunConfig } from './environment/keep-config.ts';
import { runStream } from './environment/run-stream.ts';
import { readTiming } from './environment/timing.ts';
import { presets } from './presets.ts';
import { repeatCommand } from './repeat-command.ts';
import { checkReportData } from './report/check-report-data.ts';
import { type ReportData, renderReport } from './report/index.ts';
import { createLearner, isSettings, type LearnerSettings, type RunSettings } from './settings.ts';
import { openNevisOpen } from './streams/open-nevis-open.ts';
import type { Json, Progress, Stream } from './types.ts';

/** What a command that works needs from the command line. */
export interface CommandContext {
  /** Folder of prepared data. */
  readonly cache: string;
  readonly progress: (step: Progress) => void;
  readonly signal: AbortSignal;
  /** Tells a person one line. */
  readonly note: (line: string) => void;
}

/** Runs settings into a folder, or goes on with what lies there, and writes the report. */
export async function run(
  folder: string,
  settings: RunSettings,
  context: CommandContext,
): Promise<ReportData> {
  const { preset, seed, learners, stream: streamSettings } = settings;
  // The notes of TensorFlow.js are for programmers.
  tf.env().set('PROD', true);
  const { name, version, device } = await useBackend(settings.backend, { threads: 1 });
  context.note(`backend ${name} ${version} (${device})`);
  const stream = await openStream(settings, context);
  const command = repeatCommand(settings, name);
  const data = await runStream({
    folder,
    stream,
    learners: learners.map(createLearner),
    seed,
    backend: { name, version, device },
    preset,
    streamSettings: streamSettings as unknown as Json,
    ...(command !== undefined && { command }),
    progress: context.progress,
    signal: context.signal,
  });
  await remakeReport(folder);
  return data;
}

/** The settings of the run in a folder. @throws RunError when there is none that this program can go on with. */
export async function settingsOf(folder: string): Promise<RunSettings> {
  const config = await readJson(join(folder, 'config.json'));
  if (config === undefined) {
    throw new RunError(`${folder} holds no run; start one with: nevis run --out ${quoted(folder)}`);
  }
  if (!isRunConfig(config)) {
    throw new RunError(
      `${join(folder, 'config.json')} is not one of a run; restore it or delete it`,
    );
  }
  const { preset, seed, backend } = config;
  const stream = config.stream as unknown as RunSettings['stream'] | null;
  const learners = config.learners.map(
    ({ name, title, settings }) => ({ ...(settings as object), name, title }) as LearnerSettings,
  );
  if (stream?.name !== 'nevis-open' || !learners.every(isSettings)) {
    const name = typeof config.stream === 'string' ? config.stream : (stream?.name ?? 'of its own');
    const names = learners.map((learner) => learner.name);
    const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
    throw new RunError(
      `the run in ${folder} was made by a program (stream ${name}; learners ${names.slice(0, 3).join(', ')}${more}); run that program again with this folder, and runStream goes on where it stopped`,
    );
  }
  return { preset, seed, backend: backend.name as RunSettings['backend'], stream, learners };
}

/** Makes `report.html` again from the files of a run that is done. @returns its path. @throws RunError where it is not, or they are damaged. */
export async function remakeReport(folder: string): Promise<string> {
  const file = join(folder, 'report-data.json');
  const data = (await readJson(file)) as ReportData | null | undefined;
  if (data === undefined) {
    // Says so where there is no run at all, or one that only its program can finish.
    await settingsOf(folder);
    throw new RunError(
      `${folder} holds no finished run; finish it with: nevis resume ${quoted(folder)}`,
    );
  }
  if (data?.schema !== 2) {
    throw new RunError(
      `${file} was written by another version; write it again with: nevis resume ${quoted(folder)}`,
    );
  }
  const path = join(folder, 'report.html');
  await writeFileAtomic(
    path,
    await pageOf(folder, data).catch((cause: unknown) => {
      // Those say what is wrong.
      if (cause instanceof Error && 'code' in cause) throw cause;
      const reason = cause instanceof TypeError ? ` (${cause.message})` : '';
      throw new RunError(
        `${file} is damaged${reason}; write it again with: nevis resume ${quoted(folder)}`,
        { cause },
      );
    }),
  );
  return path;
}

async function pageOf(folder: string, data: ReportData): Promise<string> {
  checkReportData(data);
  return renderReport(data, await readTiming(folder, data));
}

/** What can be run here, and what is missing for the rest. */
export interface Listing {
  readonly tasks: readonly {
    readonly year: number;
    readonly name: string;
    readonly classes: number | null;
    readonly domain: string | null;
    /** The command that brings its data, or null when they are here. */
    readonly fix: string | null;
  }[];
  readonly presets: readonly {
    readonly name: string;
    readonly summary: string;
    readonly learners: readonly string[];
  }[];
}

export async function list(cacheDir: string): Promise<Listing> {
  const stream = await openNevisOpen({ cacheDir });
  const present = [...stream.events()].flatMap((event) =>
    event.type === 'train'
      ? [
          {
            year: event.year,
            name: event.task.name,
            classes: event.task.numClasses,
            domain: stream.domain(event.task.name),
            fix: null,
          },
        ]
      : [],
  );
  const missing = stream.missing.map(({ year, name, fix }) => ({
    year,
    name,
    classes: null,
    domain: null,
    fix,
  }));
  return {
    tasks: [...present, ...missing].sort((a, b) => a.year - b.year),
    presets: Object.entries(presets).map(([name, { summary, learners }]) => ({
      name,
      summary,
      learners: learners.map((learner) => learner.name),
    })),
  };
}

async function openStream(
  { stream: settings, seed }: RunSettings,
  { cache, note, progress, signal }: CommandContext,
): Promise<Stream> {
  const { name: _, ...options } = settings;
  const stream = await openNevisOpen({
    ...options,
    cacheDir: cache,
    seed,
    onProgress: (step) => {
      signal.throwIfAborted();
      progress(step);
    },
    onWarning: note,
  });
  if (stream.missing.length > 0) {
    const names = stream.missing.map(({ name, year }) => `${name} (${year})`).join(', ');
    const fixes = [...new Set(stream.missing.map(({ fix }) => fix))].join(' && ');
    note(`left out for lack of data: ${names}; get it with: ${fixes}`);
  }
  if ([...stream.events()].length === 0) {
    throw new RunError('no task has data here; see: nevis list');
  }
  return stream;
}
