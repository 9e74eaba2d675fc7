import { join } from 'node:path';
import { randomKey, randomPermutation } from '@neverend/backend';
import { RunError } from '@neverend/checkpoint/node';
import { readLabels } from '../data/check-task.ts';
import { averageErrorRate, majorityClassError, predictedClass } from '../metrics/index.ts';
import { distinctTitles } from '../report/distinct-titles.ts';
import { plural } from '../report/format.ts';
import type {
  ReportData,
  ReportExamples,
  ReportLearner,
  ReportTask,
  ReportTaskResult,
} from '../report/index.ts';
import type { Learner, PredictionEvent, Stream, TrainingEvent } from '../types.ts';
import { compareLearners, type Outcome } from './compare-learners.ts';
import type { EventRecord, PredictionRecord, TrainingRecord } from './records.ts';
import type { RunConfig } from './run-config.ts';
import { readSnapshotOf } from './snapshot-file.ts';

/** Example images of each task. */
const exampleCount = 8;

export interface CollectOptions {
  readonly folder: string;
  readonly config: RunConfig;
  readonly stream: Stream;
  readonly learners: readonly Learner[];
  /** The records of each learner, by its name. Those of a run that is not done yet may be passed too. */
  readonly records: ReadonlyMap<string, readonly EventRecord[]>;
  /** The command line that makes the same run again. */
  readonly command: string | undefined;
}

/** A position of the stream: how it is learned, and the first split that it is judged on. */
interface Visit {
  readonly train: TrainingEvent;
  readonly judge: PredictionEvent;
}

/** Everything that a report shows, out of a run's files and the data. */
export async function collectReportData(options: CollectOptions): Promise<ReportData> {
  const { config, stream, learners, records, command = null } = options;
  const visits = visitsOf(stream);
  const { preset, seed, backend, program } = config;
  const outcomes = new Map<string, readonly PredictedOutcome[]>();
  for (const { name } of learners) outcomes.set(name, await readOutcomes(options, visits, name));
  return {
    schema: 2,
    title: `${plural(learners.length, 'learner')} on ${plural(visits.length, 'task')}`,
    command,
    settings: { preset, seed, stream: config.stream, program },
    backend,
    stream: {
      name: stream.name,
      benchmark: stream.benchmark ?? null,
      tasks: await Promise.all(visits.map((visit) => reportTask(stream, visit))),
      missing: stream.missing,
      ...(stream.labels && { labels: stream.labels }),
    },
    learners: distinctTitles(
      learners.map((learner) => reportLearner(learner, visits, records.get(learner.name) ?? [])),
    ),
    comparisons: compareLearners(outcomes, seed),
    examples: await Promise.all(visits.map((visit) => reportExamples(options, visit, outcomes))),
  };
}

function visitsOf(stream: Stream): Visit[] {
  const events = [...stream.events()];
  return events.flatMap((train) => {
    if (train.type !== 'train') return [];
    const judge = events.find(
      (event) => event.type === 'predict' && event.position === train.position,
    );
    return judge?.type === 'predict' ? [{ train, judge }] : [];
  });
}

async function reportTask(stream: Stream, { train, judge }: Visit): Promise<ReportTask> {
  const [trainSet, devSet, evalSet] = await Promise.all(
    [train.train, train.dev, judge.dataset].map((key) => stream.dataset(key)),
  );
  if (!trainSet || !devSet || !evalSet) throw new RunError(`${train.task.name} has no data`);
  const { name, numClasses } = train.task;
  return {
    position: train.position,
    year: train.year,
    name,
    domain: stream.domain(name),
    classNames: stream.classNames(name),
    numClasses,
    trainSize: trainSet.size,
    devSize: devSet.size,
    evalSize: evalSet.size,
    whole: {
      train: trainSet.whole ?? trainSet.size,
      dev: devSet.whole ?? devSet.size,
      eval: evalSet.whole ?? evalSet.size,
    },
    evalSplit: judge.split,
    majorityErrorRate: majorityClassError(
      readLabels(train.task, 'train', trainSet),
      readLabels(train.task, judge.split, evalSet),
      numClasses,
    ),
  };
}

function reportLearner(
  learner: Learner,
  visits: readonly Visit[],
  records: readonly EventRecord[],
): ReportLearner {
  const done = visits.flatMap(({ train, judge }) => {
    const training = records.find(
      (record): record is TrainingRecord =>
        record.type === 'train' && record.position === train.position,
    );
    const prediction = findPrediction(records, judge);
    return training && prediction ? [{ training, prediction }] : [];
  });
  return {
    name: learner.name,
    title: learner.title,
    settings: learner.settings,
    parameters: Math.max(0, ...done.map(({ training }) => training.parameters)),
    tasks: done.map(({ training, prediction }): ReportTaskResult => {
      const total = prediction.cumulativeFlops;
      const { nonFinite } = prediction.metrics;
      return {
        position: training.position,
        errorRate: prediction.metrics.errorRate,
        crossEntropy: prediction.metrics.crossEntropy,
        top5ErrorRate: prediction.metrics.top5ErrorRate,
        ...(nonFinite > 0 && { nonFinite }),
        flops: { ...training.flops, prediction: prediction.flops.prediction },
        cumulativeFlops: String(
          BigInt(total.train) + BigInt(total.validation) + BigInt(total.prediction),
        ),
        cumulativeTrainFlops: total.train,
        trials: training.summary.trials,
        chosen: training.summary.chosen,
        startedFrom: training.summary.startedFrom,
      };
    }),
    averageErrorRate:
      done.length === 0
        ? null
        : averageErrorRate(done.map(({ prediction }) => prediction.metrics)).average,
  };
}

function findPrediction(
  records: readonly EventRecord[],
  { position, split }: PredictionEvent,
): PredictionRecord | undefined {
  return records.find(
    (record): record is PredictionRecord =>
      record.type === 'predict' && record.position === position && record.split === split,
  );
}

/** What a learner predicted at a position of the stream, and what of it was wrong. */
interface PredictedOutcome extends Outcome {
  /** `[size]` class ids, null where the logits were not finite. */
  readonly classes: readonly (number | null)[];
}

/** Reads the predictions that the report is made of. */
async function readOutcomes(
  { folder, records }: CollectOptions,
  visits: readonly Visit[],
  learner: string,
): Promise<PredictedOutcome[]> {
  const outcomes: PredictedOutcome[] = [];
  for (const { judge } of visits) {
    const record = findPrediction(records.get(learner) ?? [], judge);
    if (record === undefined) continue;
    const path = join(folder, learner, 'predictions', record.file);
    const { logits, labels } = (await readSnapshotOf(path, record.sha256)).tensors;
    if (logits?.dtype !== 'float32' || labels?.dtype !== 'int32') {
      throw new RunError(`${path} must have a float32 array "logits" and an int32 array "labels"`);
    }
    const classes = Array.from(labels.data, (_, row) =>
      predictedClass(logits.data, row, judge.task.numClasses),
    );
    const wrong = Uint8Array.from(labels.data, (label, row) => (classes[row] === label ? 0 : 1));
    outcomes.push({ position: judge.position, dataset: judge.dataset, classes, wrong });
  }
  return outcomes;
}

async function reportExamples(
  { config, stream }: CollectOptions,
  { judge }: Visit,
  outcomes: ReadonlyMap<string, readonly PredictedOutcome[]>,
): Promise<ReportExamples> {
  const dataset = await stream.dataset(judge.dataset);
  const order = randomPermutation(randomKey(config.seed, 'examples', judge.position), dataset.size);
  const indices = [...order.subarray(0, exampleCount)];
  const { images, labels } = dataset.batch(indices);
  const size = dataset.shape.reduce((product, side) => product * side, 1);
  const predicted = [...outcomes].flatMap(([name, all]) => {
    const outcome = all.find(({ position }) => position === judge.position);
    return outcome === undefined ? [] : [[name, outcome.classes] as const];
  });
  return {
    position: judge.position,
    shape: dataset.shape,
    items: indices.map((index, item) => ({
      index,
      label: labels[item] ?? 0,
      pixels: Buffer.from(images.subarray(item * size, (item + 1) * size)).toString('base64'),
      predictions: Object.fromEntries(
        predicted.map(([name, classes]) => [name, classes[index] ?? null]),
      ),
    })),
  };
}
