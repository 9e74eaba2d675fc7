import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkObject, described } from '@neverend/backend';
import { makeFolder, RunError, removeParts, writeJson } from '@neverend/checkpoint/node';
import type {
  ComputeLedger,
  Learner,
  LearnerContext,
  PredictionEvent,
  Progress,
  ResourceUsage,
  Snapshot,
  Stream,
  StreamEvent,
  TrainingEvent,
} from '../types.ts';
import { checkJson } from './check-value.ts';
import { collectPredictions } from './collect-predictions.ts';
import { checkTraining, whoOf, workOf } from './learner-errors.ts';
import {
  addLedgers,
  type EventRecord,
  emptyLedger,
  ledgerFromJson,
  ledgerToJson,
} from './records.ts';
import type { RunConfig } from './run-config.ts';
import { type RunState, readRunState, writeRunState } from './run-state.ts';
import { readSnapshot, readSnapshotOf, writeSnapshot } from './snapshot-file.ts';
import { appendTiming } from './timing.ts';

export interface RunLearnerOptions {
  /** Folder of the run; the learner's files lie in a folder of its name within. */
  readonly folder: string;
  readonly config: RunConfig;
  readonly learner: Learner;
  readonly stream: Stream;
  readonly seed: number;
  readonly progress: (step: Progress) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Takes a learner through a stream, one event after the other, and writes after each event, and whenever the
 * learner asks for it, what is needed to go on from there. Events that were done before are skipped.
 *
 * @returns one record per event.
 */
export async function runLearner(options: RunLearnerOptions): Promise<readonly EventRecord[]> {
  const { learner, stream, signal } = options;
  const folder = join(options.folder, learner.name);
  for (const part of ['', 'states', 'predictions']) {
    await makeFolder(join(folder, part));
    await removeParts(join(folder, part));
  }
  // Where the learner has done something, `checkFolder` has seen that this is what is there.
  await writeJson(join(folder, 'config.json'), options.config);
  const training = join(folder, 'training.safetensors');
  const events = [...stream.events()];
  const context = learnerContext(options, folder);

  let state: RunState = (await readRunState(folder)) ?? {
    completed: 0,
    learner: await startOf(options, context),
    records: [],
  };
  while (state.completed < events.length) {
    signal?.throwIfAborted();
    const event = events[state.completed] as StreamEvent;
    const clock = stopwatch(options.folder, learner.name, event);
    const work: Work = { options, folder, event, state, training, clock, context };
    state =
      event.type === 'train' ? await train({ ...work, event }) : await predict({ ...work, event });
    await writeRunState(folder, state);
    await rm(training, { force: true });
    await clock();
  }
  return state.records;
}

/** What a learner is before its first event. */
async function startOf({ learner, signal }: RunLearnerOptions, context: LearnerContext) {
  const who = whoOf(learner.name);
  const state = await workOf(who, signal, () => learner.init(context));
  checkJson(`${who}: what init gave`, state);
  return state;
}

interface Work<Event = StreamEvent> {
  readonly options: RunLearnerOptions;
  readonly folder: string;
  readonly event: Event;
  readonly state: RunState;
  /** File of the snapshots within an event. */
  readonly training: string;
  /** Writes down the time since its last call. */
  readonly clock: () => Promise<void>;
  readonly context: LearnerContext;
}

async function train(work: Work<TrainingEvent>): Promise<RunState> {
  const { options, event, state, training, clock } = work;
  const context: LearnerContext = {
    ...work.context,
    checkpoint: async (snapshot) => {
      checkSnapshot(snapshot);
      await writeSnapshot(training, {
        meta: { event: state.completed, learner: snapshot.meta },
        tensors: snapshot.tensors,
      });
      await clock();
    },
  };
  const resume = await readTraining(training, state.completed);
  const { learner, signal } = options;
  const who = whoOf(learner.name, event);
  const result = await workOf(who, signal, () =>
    learner.train(event, state.learner, context, resume),
  );
  checkTraining(who, result);
  return {
    completed: state.completed + 1,
    learner: result.state,
    records: [
      ...state.records,
      {
        type: 'train',
        ...common(event, state, result.usage),
        trainSize: (await context.dataset(event.train)).size,
        devSize: (await context.dataset(event.dev)).size,
        parameters: result.usage.peakParameters,
        summary: result.summary,
      },
    ],
  };
}

/** The snapshot within the event at `index`. One of another event, or a damaged one, only costs its time again. */
async function readTraining(path: string, index: number): Promise<Snapshot | undefined> {
  const snapshot = await readSnapshot(path);
  if (snapshot?.meta['event'] !== index) return undefined;
  return { meta: snapshot.meta['learner'] as Snapshot['meta'], tensors: snapshot.tensors };
}

async function predict(work: Work<PredictionEvent>): Promise<RunState> {
  const { options, folder, event, state, context } = work;
  const dataset = await context.dataset(event.dataset);
  const { learner, signal } = options;
  const who = whoOf(learner.name, event);
  const batches = await workOf(who, signal, () => ({
    generator: learner.predict(event, state.learner, context),
  }));
  const { labels, logits, metrics, usage } = await collectPredictions(
    { learner: learner.name, who, signal },
    dataset,
    batches.generator,
  );
  // Letters that one file system or another does not take.
  const key = event.dataset.replaceAll(/[/\\:*?"<>|\p{Cc}]/gu, '_');
  const file = `${String(event.position).padStart(3, '0')}-${key}.safetensors`;
  const sha256 = await writeSnapshot(join(folder, 'predictions', file), {
    meta: { dataset: event.dataset, datasetSha256: dataset.sha256 },
    tensors: {
      labels: { dtype: 'int32', shape: [dataset.size], data: labels },
      logits: { dtype: 'float32', shape: [dataset.size, event.task.numClasses], data: logits },
    },
  });
  return {
    completed: state.completed + 1,
    learner: state.learner,
    records: [
      ...state.records,
      {
        type: 'predict',
        ...common(event, state, usage),
        split: event.split,
        dataset: event.dataset,
        file,
        sha256,
        metrics,
      },
    ],
  };
}

function common(event: StreamEvent, state: RunState, usage: ResourceUsage) {
  const last = state.records.at(-1);
  const before: ComputeLedger =
    last === undefined ? emptyLedger : ledgerFromJson(last.cumulativeFlops);
  return {
    position: event.position,
    year: event.year,
    task: event.task.name,
    flops: ledgerToJson(usage.flops),
    cumulativeFlops: ledgerToJson(addLedgers(before, usage.flops)),
  };
}

function learnerContext(
  { stream, seed, progress, signal }: RunLearnerOptions,
  folder: string,
): LearnerContext {
  const path = (name: string) => {
    if (typeof name !== 'string' || !/^[\w-]+$/.test(name)) {
      throw new RunError(`name was ${described(name)}; it must be letters, digits, _ and -`);
    }
    return join(folder, 'states', `${name}.safetensors`);
  };
  return {
    seed,
    dataset: (key) => stream.dataset(key),
    checkpoint: async () => undefined,
    store: async (name, snapshot) => {
      checkSnapshot(snapshot);
      return writeSnapshot(path(name), snapshot);
    },
    restore: (name, sha256) => readSnapshotOf(path(name), sha256),
    progress: (step) => {
      signal?.throwIfAborted();
      progress(step);
    },
  };
}

/** @throws RunError naming the part of a snapshot that cannot be written. */
function checkSnapshot(snapshot: Snapshot): void {
  checkObject('snapshot', snapshot, 'with meta and tensors');
  checkObject('tensors of a snapshot', snapshot.tensors, 'of arrays');
  checkJson('meta', snapshot.meta);
}

function stopwatch(folder: string, learner: string, event: StreamEvent): () => Promise<void> {
  const { position, type } = event;
  let since = performance.now();
  return async () => {
    const now = performance.now();
    const seconds = (now - since) / 1000;
    since = now;
    await appendTiming(folder, { learner, position, type, seconds });
  };
}
