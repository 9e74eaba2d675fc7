import type { NamedArray } from '@neverend/checkpoint';

/** Kinds of task that a stream can hold (NEVIS'22: 97 of the 106 positions are single-label). */
export type TaskKind = 'single-label';

/** The splits of a data set. `train_and_dev` is `train` followed by `dev`, in source order. */
export type Split = 'train' | 'dev' | 'train_and_dev' | 'dev_test' | 'test';

/** What a learner may know of a task before it sees its data. */
export interface TaskKey {
  readonly name: string;
  readonly kind: TaskKind;
  readonly numClasses: number;
}

/** `<name>_<split>`, the name with space, `-`, `/` and `~` replaced by `_`. */
export type DatasetKey = `${string}_${Split}`;

/** Images `[B, H, W, C]` as bytes in row-major order, labels `[B]` as class ids. */
export interface ImageBatch {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
}

/** One split of one data set: random access, so that the order is the learner's to choose. */
export interface Dataset {
  readonly key: DatasetKey;
  readonly task: TaskKey;
  /** Number of examples. */
  readonly size: number;
  /** Number of examples that the split has in all, where these are a part of them. */
  readonly whole?: number;
  /** Height, width and channels of every image. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** SHA-256 over shape, images and labels: what a run's manifest records. */
  readonly sha256: string;
  /** The examples at `indices` (each in `[0, size)`), in that order. */
  batch(indices: ArrayLike<number>): ImageBatch;
}

/** Learn a task from its `train` split, with `dev` to choose by. */
export interface TrainingEvent {
  readonly type: 'train';
  /** Position of the task in the stream, from 0. */
  readonly position: number;
  readonly year: number;
  readonly task: TaskKey;
  readonly train: DatasetKey;
  readonly dev: DatasetKey;
  readonly trainAndDev: DatasetKey;
}

/** Predict one split of a task that was just learned. */
export interface PredictionEvent {
  readonly type: 'predict';
  readonly position: number;
  readonly year: number;
  readonly task: TaskKey;
  readonly split: Split;
  readonly dataset: DatasetKey;
}

export type StreamEvent = TrainingEvent | PredictionEvent;

/** A task that a stream should hold and this machine has no data for, and the command that mends it. */
export interface MissingTask {
  readonly year: number;
  readonly name: string;
  readonly fix: string;
}

/** A benchmark that a stream is taken from. */
export interface Benchmark {
  readonly name: string;
  /** How many tasks its stream has. */
  readonly positions: number;
}

/** A sequence of tasks in the order of their years; every train event is followed by its predictions. */
export interface Stream {
  readonly name: string;
  /** What the tasks are a part of; absent for tasks of one's own. */
  readonly benchmark?: Benchmark;
  readonly missing: readonly MissingTask[];
  /** `shuffled` for the control whose labels of `train` and `dev` are in random order. Default: `true`. */
  readonly labels?: 'true' | 'shuffled';
  /** The same events in the same order at every call. */
  events(): Iterable<StreamEvent>;
  /** The names of a task's classes, by class id. @throws Error when no task has this name. */
  classNames(taskName: string): readonly string[];
  /** What a task's images show, for example `satellite`. @throws Error when no task has this name. */
  domain(taskName: string): string;
  /** @throws Error when `key` names no data set of this stream. */
  dataset(key: DatasetKey): Promise<Dataset>;
}

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/** Named arrays with a small JSON beside them: what is written to a checkpoint file, and read back equal. */
export interface Snapshot {
  readonly meta: { readonly [key: string]: Json };
  readonly tensors: Readonly<Record<string, NamedArray>>;
}

/** Floating-point operations (2 per multiply-add), by what they were spent on. Exact beyond 2^53. */
export interface ComputeLedger {
  /** Forward and backward passes and updates of every trial. */
  readonly train: bigint;
  /** Forward passes on `dev`. */
  readonly validation: bigint;
  /** Forward passes at predict events. */
  readonly prediction: bigint;
}

/** What training on one event used. FLOPs add up over events, the peak is a maximum. */
export interface ResourceUsage {
  readonly flops: ComputeLedger;
  /** Most parameters that were held for one model. */
  readonly peakParameters: number;
}

/** One trial of a task's search: a full training with one setting, judged on `dev`. */
export interface TrialSummary {
  readonly learningRate: number;
  /** Smallest error on `dev` over the trial's validations: that of the weights that would be kept. */
  readonly devError: number;
  /** Step of that validation. */
  readonly bestStep: number;
  /** Steps that were run before the budget or early stopping ended the trial. */
  readonly steps: number;
}

/** What happened in training on one event, for records and reports. */
export interface TrainingSummary {
  readonly trials: readonly TrialSummary[];
  /** Index of the trial whose weights were kept, or null where none was: of a learner without trials. */
  readonly chosen: number | null;
  /** Position of the task whose weights training started from, or null for random weights. */
  readonly startedFrom: number | null;
  /** SHA-256 of the backbone's weights at the start and of the ones that were kept. */
  readonly startSha256: string;
  readonly endSha256: string;
}

/** One step of long work, for progress bars. */
export interface Progress {
  readonly phase: 'prepare' | 'train' | 'validate' | 'predict' | 'report';
  readonly label: string;
  readonly done: number;
  readonly total: number;
}

/** What the environment gives a learner. */
export interface LearnerContext {
  /** Every random number of the run is a function of this and of what it is for. */
  readonly seed: number;
  dataset(key: DatasetKey): Promise<Dataset>;
  /** Writes what training needs to go on from here, atomically. */
  checkpoint(snapshot: Snapshot): Promise<void>;
  /** Keeps a snapshot under a name for later events; answers its SHA-256. Writing the same again is allowed. */
  store(name: string, snapshot: Snapshot): Promise<string>;
  /**
   * @param sha256 What `store` answered.
   * @throws Error when nothing was stored under `name`, or something else.
   */
  restore(name: string, sha256: string): Promise<Snapshot>;
  progress(step: Progress): void;
}

/** Predictions for the next examples of a data set. */
export interface PredictionBatch {
  /** `[B]`, as the data set gives them: the environment refuses others, so that no batch is out of order. */
  readonly labels: Int32Array;
  /** `[B, numClasses]` in row-major order: class scores before the softmax, not probabilities. */
  readonly logits: Float32Array;
}

/**
 * A learner goes through the events of a stream. Its state is JSON; what is large goes through
 * `context.store`, so that a checkpoint stays small however many tasks were seen.
 */
export interface Learner {
  /** Short and unique in a run: letters, digits, `_` and `-`. */
  readonly name: string;
  /** The name that people read. */
  readonly title: string;
  /** Everything that decides the learner's results, for the run's settings file. */
  readonly settings: Json;
  init(context: LearnerContext): Promise<Json>;
  /** `resume` is the newest snapshot given to `context.checkpoint` within this same event, if any. */
  train(
    event: TrainingEvent,
    state: Json,
    context: LearnerContext,
    resume?: Snapshot,
  ): Promise<{
    readonly state: Json;
    readonly usage: ResourceUsage;
    readonly summary: TrainingSummary;
  }>;
  /** Yields batches in data-set order; returns what it cost. */
  predict(
    event: PredictionEvent,
    state: Json,
    context: LearnerContext,
  ): AsyncGenerator<PredictionBatch, ResourceUsage>;
}
