import { join } from 'node:path';
import { randomKey, randomPermutation } from '@neverend/backend';
import { RunError } from '@neverend/checkpoint/node';
import { readLabels } from '../data/check-task.ts';
import { averageErrorRate, majorityClassError, predictedClass } from '../metrics/index.ts';
import type {
  ReportData,
  ReportExamples,
  ReportLearner,
  ReportTask,
  ReportTaskResult,
} from '../report/index.ts';
import type { Learner, PredictionEvent, Stream, TrainingEvent } from '../types.ts';
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
}

/** A position of the stream: how it is learned, and the first split that it is judged on. */
interface Visit {
  readonly train: TrainingEvent;
  readonly judge: PredictionEvent;
}

/** Everything that a report shows, out of a run's files and the data. */
export async function collectReportData(options: CollectOptions): Promise<ReportData> {
  const { config, stream, learners, records } = options;
  const visits = visitsOf(stream);
  const { preset, seed, backend } = config;
  return {
    schema: 1,
    title: `${learners.length} learners on ${visits.length} tasks`,
    settings: { preset, seed, stream: config.stream },
    backend,
    stream: {
      name: stream.name,
      tasks: await Promise.all(visits.map((visit) => reportTask(stream, visit))),
      missing: stream.missing,
    },
    learners: learners.map((learner) =>
      reportLearner(learner, visits, records.get(learner.name) ?? []),
    ),
    examples: await Promise.all(visits.map((visit) => reportExamples(options, visit))),
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
      return {
        position: training.position,
        errorRate: prediction.metrics.errorRate,
        crossEntropy: prediction.metrics.crossEntropy,
        top5ErrorRate: prediction.metrics.top5ErrorRate,
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

async function reportExamples(
  { folder, config, stream, learners, records }: CollectOptions,
  { judge }: Visit,
): Promise<ReportExamples> {
  const dataset = await stream.dataset(judge.dataset);
  const order = randomPermutation(randomKey(config.seed, 'examples', judge.position), dataset.size);
  const indices = [...order.subarray(0, exampleCount)];
  const { images, labels } = dataset.batch(indices);
  const size = dataset.shape.reduce((product, side) => product * side, 1);
  const logits = new Map<string, Float32Array>();
  for (const { name } of learners) {
    const record = findPrediction(records.get(name) ?? [], judge);
    if (record === undefined) continue;
    const path = join(folder, name, 'predictions', record.file);
    const array = (await readSnapshotOf(path, record.sha256)).tensors['logits'];
    if (array?.dtype !== 'float32') throw new RunError(`${path} has no float32 array "logits"`);
    logits.set(name, array.data);
  }
  return {
    position: judge.position,
    shape: dataset.shape,
    items: indices.map((index, item) => ({
      index,
      label: labels[item] ?? 0,
      pixels: Buffer.from(images.subarray(item * size, (item + 1) * size)).toString('base64'),
      predictions: Object.fromEntries(
        [...logits].map(([name, scores]) => [
          name,
          predictedClass(scores, index, judge.task.numClasses),
        ]),
      ),
    })),
  };
}
