import { RunError } from '@neverend/checkpoint/node';
import {
  checkClassNames,
  checkDataset,
  checkDomain,
  checkTask,
  checkYear,
  readLabels,
} from '../data/check-task.ts';
import { DataError } from '../data/data-error.ts';
import type {
  Dataset,
  DatasetKey,
  PredictionEvent,
  Progress,
  Split,
  Stream,
  TrainingEvent,
} from '../types.ts';

/** The hashes of a run's data: `manifest.json` in its folder. */
export type Manifest = Readonly<
  Record<DatasetKey, { readonly size: number; readonly sha256: string }>
>;

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
  for (const { type, position, year, task } of stream.events()) {
    checkTask(task);
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
  const entries: Record<DatasetKey, Manifest[DatasetKey]> = {};
  for (const [done, use] of [...uses.values()].entries()) {
    signal?.throwIfAborted();
    progress({ phase: 'prepare', label: use.key, done, total: uses.size });
    const { size, sha256 } = await openDataset(stream, use);
    entries[use.key] = { size, sha256 };
  }
  return entries;
}

async function openDataset(stream: Stream, { event, split, key }: Use): Promise<Dataset> {
  const { task } = event;
  try {
    const dataset = await stream.dataset(key);
    checkDataset(task, split, dataset);
    readLabels(task, split, dataset);
    return dataset;
  } catch (cause) {
    // A key has other letters than the name that it is made of.
    if (!DataError.isInstance(cause) || cause.message.includes(task.name)) throw cause;
    throw new DataError(`the task ${task.name}: ${cause.message}`, { cause });
  }
}
