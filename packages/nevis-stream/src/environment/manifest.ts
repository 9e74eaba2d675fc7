import { join } from 'node:path';
import {
  jsonDifferences,
  keepEqual,
  RunError,
  readJson,
  stableJson,
} from '@neverend/checkpoint/node';
import {
  checkBenchmark,
  checkClassNames,
  checkDataset,
  checkDomain,
  checkKey,
  checkMissing,
  checkTask,
  checkYear,
  readLabels,
} from '../data/check-task.ts';
import { DataError } from '../data/data-error.ts';
import type { TaskData } from '../streams/make-stream.ts';
import type {
  Benchmark,
  Dataset,
  DatasetKey,
  PredictionEvent,
  Progress,
  Split,
  Stream,
  TaskKey,
  TrainingEvent,
} from '../types.ts';
import { atMost } from './keep-config.ts';

/** What a run goes through: `manifest.json` in its folder. */
export interface Manifest {
  readonly benchmark: Benchmark | null;
  /** The events in their order, with the names of their tasks. */
  readonly events: readonly ManifestEvent[];
  /** By the tasks' names. */
  readonly tasks: Readonly<
    Record<string, Omit<TaskKey, 'name'> & Pick<TaskData, 'domain' | 'classNames'>>
  >;
  readonly data: Readonly<Record<DatasetKey, Pick<Dataset, 'size' | 'whole' | 'shape' | 'sha256'>>>;
}

type ManifestEvent =
  | (Omit<TrainingEvent, 'task'> & { readonly task: string })
  | (Omit<PredictionEvent, 'task'> & { readonly task: string });

/** A split that an event asks for. */
interface Use {
  readonly event: TrainingEvent | PredictionEvent;
  readonly split: Split;
  readonly key: DatasetKey;
}

/**
 * Nothing is read for this.
 *
 * @throws DataError naming the task that cannot be learned, or is not predicted after it was. @throws RunError where there is no task.
 */
export function checkEvents(stream: Stream): void {
  const predicted = new Map<number, boolean>();
  const tasks = new Map<number, string>();
  const years = new Map<number, number>();
  for (const event of stream.events()) {
    const { type, position, year, task } = event;
    checkTask(task);
    if (type === 'predict') checkKey(task.name, event.dataset);
    const isNew = !tasks.has(position);
    if (isNew !== (type === 'train') || (tasks.get(position) ?? task.name) !== task.name) {
      throw new DataError(
        `the task ${task.name} has a ${type} event at position ${position}; a position must be trained on once, and predicted after that`,
      );
    }
    if (isNew) checkYear(task.name, year, [...years.values()].at(-1));
    else if (year !== years.get(position)) {
      throw new DataError(
        `the task ${task.name} at position ${position} is learned in ${years.get(position)} and predicted in ${year}; the year must be the same`,
      );
    }
    years.set(position, year);
    tasks.set(position, task.name);
    predicted.set(position, type === 'predict');
    checkDomain(task.name, stream.domain(task.name));
    const classNames = stream.classNames(task.name);
    checkClassNames(task.name, classNames);
    const { length } = classNames;
    if (length !== task.numClasses) {
      throw new DataError(
        `the task ${task.name} has ${task.numClasses} classes, but ${length} names of classes; they must agree`,
      );
    }
  }
  if (tasks.size === 0)
    throw new RunError(`the stream ${stream.name} was empty; it must hold a task`);
  checkBenchmark(stream.benchmark, tasks.size);
  checkMissing(stream.missing);
  for (const [position, name] of tasks) {
    if (predicted.get(position)) continue;
    throw new DataError(
      `the task ${name} at position ${position} is never predicted; it must be, on one split at least`,
    );
  }
}

/**
 * Opens every data set of a run and reads it once, so that what is wrong with one is known before the first step.
 *
 * @throws DataError naming the task, the split and what is wrong.
 */
export async function openManifest(
  stream: Stream,
  progress: (step: Progress) => void,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const uses = new Map<DatasetKey, Use>();
  for (const event of stream.events()) {
    if (event.type === 'predict')
      uses.set(event.dataset, { event, split: event.split, key: event.dataset });
    else {
      uses.set(event.train, { event, split: 'train', key: event.train });
      uses.set(event.dev, { event, split: 'dev', key: event.dev });
    }
  }
  const data: Record<DatasetKey, Manifest['data'][DatasetKey]> = {};
  for (const [done, use] of [...uses.values()].entries()) {
    signal?.throwIfAborted();
    progress({ phase: 'prepare', label: use.key, done, total: uses.size });
    const { size, whole, shape, sha256 } = await openDataset(stream, use).catch((cause) => {
      if (signal?.aborted) throw cause;
      throw named(use.event.task, cause);
    });
    data[use.key] = { size, shape, sha256, ...(whole !== undefined && { whole }) };
  }
  return { ...describe(stream), data };
}

/** All of a manifest that is known before data are read. */
function describe(stream: Stream): Omit<Manifest, 'data'> {
  const events = [...stream.events()];
  const tasks = events.map(({ task: { name, kind, numClasses } }) => {
    const [domain, classNames] = [stream.domain(name), stream.classNames(name)];
    return [name, { kind, numClasses, domain, classNames }] as const;
  });
  return {
    benchmark: stream.benchmark ?? null,
    events: events.map((event) => ({ ...event, task: event.task.name })),
    tasks: Object.fromEntries(tasks),
  };
}

/**
 * Keeps a manifest in the folder of a run that has none yet.
 *
 * @throws RunError naming the tasks that differ from those of the run that goes on.
 */
export async function keepManifest(folder: string, manifest: Manifest): Promise<void> {
  const path = join(folder, 'manifest.json');
  const before = (await readJson(path)) as Manifest | null | undefined;
  if (before !== undefined) {
    if (!Array.isArray(before?.events)) {
      throw new RunError(
        `${path} is of an earlier version, which kept no order of tasks, so that its run cannot go on; use another folder, or delete this one`,
      );
    }
    const differences = taskDifferences(before, JSON.parse(stableJson(manifest)));
    if (differences.length > 0) {
      throw new RunError(
        `${path} was written by a run with other tasks (${atMost(differences, '; ')}); use another folder`,
      );
    }
  }
  await keepEqual(path, manifest, 'data');
}

function taskDifferences(before: Manifest, after: Manifest): string[] {
  const title = (event: ManifestEvent | undefined) =>
    event?.task === undefined ? 'nothing' : `${event.task} (${event.year})`;
  const length = Math.max(before.events.length, after.events.length);
  const ofEvents = Array.from({ length }, (_, at) => {
    const [was, is] = [before.events[at], after.events[at]];
    return title(was) === title(is)
      ? jsonDifferences(was, is, title(was))
      : [`event ${at}: ${title(was)} became ${title(is)}`];
  });
  const differences = [
    ...jsonDifferences(before.benchmark, after.benchmark, 'benchmark'),
    ...ofEvents.flat(),
  ];
  return differences.length > 0 ? differences : jsonDifferences(before.tasks, after.tasks);
}

async function openDataset(stream: Stream, { event, split, key }: Use): Promise<Dataset> {
  const dataset = await stream.dataset(key);
  checkDataset(event.task, split, dataset);
  readLabels(event.task, split, dataset);
  return dataset;
}

/** An error of a task's data, which may be any that a program throws, with the name of the task. */
function named({ name }: TaskKey, cause: unknown): unknown {
  const message = cause instanceof Error ? cause.message : String(cause);
  // A key has other letters than the name that it is made of.
  if (DataError.isInstance(cause) && message.includes(name)) return cause;
  return new DataError(`the task ${name}: ${message}`, { cause });
}
