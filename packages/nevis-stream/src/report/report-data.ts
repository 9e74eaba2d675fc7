import type { Benchmark, Json, MissingTask, Split, TrialSummary } from '../types.ts';

/**
 * Everything that a report shows, but the wall times. It is plain JSON and a function of the run's
 * settings and data alone: two runs of the same settings write the same bytes.
 */
export interface ReportData {
  /** Version of this layout. */
  readonly schema: 2;
  readonly title: string;
  /** The command line that makes the same run again; null for a run that a program made. */
  readonly command: string | null;
  /** Every setting of the run. */
  readonly settings: {
    readonly preset: string;
    readonly seed: number;
    readonly [setting: string]: Json;
  };
  readonly backend: ReportBackend;
  readonly stream: ReportStream;
  /** The learners in the order of the run, which is the order of colours and columns. */
  readonly learners: readonly ReportLearner[];
  readonly comparisons: ReportComparisons;
  readonly examples: readonly ReportExamples[];
}

/** What computed the numbers. */
export interface ReportBackend {
  readonly name: string;
  readonly version: string;
  readonly device: string;
}

export interface ReportStream {
  readonly name: string;
  /** What the tasks are a part of; null for tasks of one's own. */
  readonly benchmark: Benchmark | null;
  /** The tasks in stream order. */
  readonly tasks: readonly ReportTask[];
  readonly missing: readonly MissingTask[];
  /** `shuffled` for the control whose labels are in random order. Default: `true`. */
  readonly labels?: 'true' | 'shuffled';
}

/** One position of the stream. */
export interface ReportTask {
  readonly position: number;
  readonly year: number;
  readonly name: string;
  /** Kind of images, e.g. `satellite` or `ocr`. */
  readonly domain: string;
  readonly numClasses: number;
  /** Names by class id. */
  readonly classNames: readonly string[];
  readonly trainSize: number;
  readonly devSize: number;
  readonly evalSize: number;
  /** The sizes of the same splits with all of their examples. */
  readonly whole: { readonly train: number; readonly dev: number; readonly eval: number };
  /** The split that error rates are measured on. */
  readonly evalSplit: Split;
  /** Error rate on `evalSplit` of always predicting the most frequent class of `train`. */
  readonly majorityErrorRate: number;
}

/** One learner's way through the stream. */
export interface ReportLearner {
  /** Short and unique, e.g. `finetune-previous`. */
  readonly name: string;
  /** The name that people read, e.g. `Fine-tuning from previous`. */
  readonly title: string;
  readonly settings: Json;
  /** Most trainable parameters that were held for one model. */
  readonly parameters: number;
  /** The tasks that were learned, in stream order; a run that was stopped has fewer than the stream. */
  readonly tasks: readonly ReportTaskResult[];
  /** Mean of the tasks' error rates; null before the first one. */
  readonly averageErrorRate: number | null;
}

/** What tests on the same examples say of every two learners, by their names: tests of these weights, not of others that another seed would make. */
export interface ReportComparisons {
  /** The chance that any difference of one list, or of one task, is shown where there is none. */
  readonly level: number;
  /** Of the learners that got furthest. */
  readonly average: readonly ReportAverageComparison[];
  readonly tasks: readonly ReportTaskComparison[];
}

/** Average errors of two learners, by a paired bootstrap over the examples. */
export interface ReportAverageComparison {
  readonly learners: readonly [first: string, second: string];
  /** The average error of the first minus that of the second, and its interval, corrected for the number of pairs. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Whether the interval leaves out 0, and enough examples tell the two apart. */
  readonly shown: boolean;
}

/** Errors of two learners on one task, by McNemar's exact test. */
export interface ReportTaskComparison {
  readonly position: number;
  readonly learners: readonly [first: string, second: string];
  /** Examples that the first alone gets wrong, and those that the second alone does. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Corrected by Holm's method for the number of pairs. */
  readonly pValue: number;
  readonly shown: boolean;
}

/** Floating-point operations as decimal strings: exact however many they are. */
export interface ReportFlops {
  readonly train: string;
  readonly validation: string;
  readonly prediction: string;
}

/** How one learner did on one task, and what it paid. */
export interface ReportTaskResult {
  readonly position: number;
  readonly errorRate: number;
  readonly crossEntropy: number | null;
  readonly top5ErrorRate: number | null;
  /** Images with a logit that is NaN or infinite, each of them an error; absent where there is none. */
  readonly nonFinite?: number;
  /** The operations spent on this task. */
  readonly flops: ReportFlops;
  /** Training, validation and prediction from the first task up to this one. */
  readonly cumulativeFlops: string;
  /** Training alone, from the first task up to this one. */
  readonly cumulativeTrainFlops: string;
  /** The search; empty for a learner that has none. */
  readonly trials: readonly TrialSummary[];
  /** Index of the trial whose weights were kept; null without a search. */
  readonly chosen: number | null;
  /** Position of the task whose weights training started from; null for random weights. */
  readonly startedFrom: number | null;
}

/** Some images of one task's `evalSplit` with what the learners took them for. */
export interface ReportExamples {
  readonly position: number;
  /** Height, width and channels of every image. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly items: readonly ReportExample[];
}

export interface ReportExample {
  /** Index in the split. */
  readonly index: number;
  readonly label: number;
  /** `[H, W, C]` bytes in row-major order, as base64. */
  readonly pixels: string;
  /** Class ids by learner name; null where the logits were not finite. */
  readonly predictions: { readonly [learner: string]: number | null };
}

/** Wall times, which differ from run to run and therefore live beside the data. */
export interface Timing {
  /** The machines that the times were taken on: more than one where a run moved. */
  readonly hosts: readonly TimingHost[];
  readonly learners: readonly LearnerTiming[];
}

/** A machine that times were taken on. */
export interface TimingHost {
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
}

export interface LearnerTiming {
  readonly name: string;
  readonly tasks: readonly {
    readonly position: number;
    readonly trainSeconds: number;
    readonly predictSeconds: number;
  }[];
}
