import { checkOptions, FlopCounter } from '@neverend/backend';
import { subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { check } from '../check.ts';
import { checkDataset, checkTask, readLabels } from '../data/check-task.ts';
import type {
  Dataset,
  Json,
  Learner,
  LearnerContext,
  PredictionBatch,
  PredictionEvent,
  ResourceUsage,
  Snapshot,
  TrainingEvent,
} from '../types.ts';
import type { Backbone } from './backbone.ts';
import { type Arrays, hashArrays, toArrays, toTensors } from './parameters.ts';
import { checkSearch, type SearchSettings, searchTask } from './search-task.ts';
import { predictBatches } from './trial.ts';

/** One learned task: where its best weights are stored, and the hash of what is stored there. */
interface StoredTask {
  readonly position: number;
  readonly store: string;
  readonly sha256: string;
}

interface TransferState {
  readonly tasks: readonly StoredTask[];
}

/** What a learner of this family is made of. */
export interface TransferLearnerOptions {
  /** The name, which defaults to that of the rule. */
  readonly name?: string;
  /** The title, which defaults to that of the rule. */
  readonly title?: string;
  readonly backbone: Backbone;
  readonly search: SearchSettings;
}

const optionNames = ['name', 'title', 'backbone', 'search'] as const;

/**
 * Every task from random weights: what the benchmark calls independent.
 *
 * @throws TypeError for an option that there is not, RangeError naming the first setting of `search` that
 * nothing can be learned with.
 */
export function independentLearner(options: TransferLearnerOptions): Learner {
  checkOptions('independentLearner', options, optionNames);
  return transferLearner(options, 'independent', 'Independent', () => undefined);
}

/**
 * Every task from the best weights of the task before, with a new head and the optimiser at zero: what the
 * benchmark calls fine-tuning from previous.
 *
 * @throws TypeError for an option that there is not, RangeError naming the first setting of `search` that
 * nothing can be learned with.
 */
export function finetunePreviousLearner(options: TransferLearnerOptions): Learner {
  checkOptions('finetunePreviousLearner', options, optionNames);
  return transferLearner(options, 'finetune-previous', 'Fine-tuning from previous', (tasks) =>
    tasks.at(-1),
  );
}

function transferLearner(
  { backbone, search, ...names }: TransferLearnerOptions,
  rule: string,
  ruleTitle: string,
  source: (tasks: readonly StoredTask[]) => StoredTask | undefined,
): Learner {
  const { name = rule, title = ruleTitle } = names;
  const isBackbone = typeof backbone?.features === 'function';
  check('backbone', backbone, isBackbone, 'that of vitBackbone, pixelBackbone or one like them');
  checkSearch(search);
  return {
    name,
    title,
    settings: { rule, backbone: backbone.settings, search: search as unknown as Json },
    init: async () => ({ tasks: [] }),

    async train(event, state, context, resume) {
      const { tasks } = state as unknown as TransferState;
      const [train, dev] = await openToLearn(event, context);
      const from = source(tasks);
      const start = await startWeights(backbone, event, context, from);
      const result = await searchTask({
        event,
        backbone,
        settings: search,
        start,
        train,
        dev,
        context,
        resume,
        label: `${title}: ${event.task.name} (${event.year})`,
      });
      const store = `task-${String(event.position).padStart(3, '0')}`;
      const sha256 = await context.store(store, {
        meta: { task: event.task.name },
        tensors: result.weights,
      });
      const stored: StoredTask = { position: event.position, store, sha256 };
      return {
        state: { tasks: [...tasks, stored] } as unknown as Json,
        usage: {
          flops: { ...result.flops, prediction: 0n },
          peakParameters: result.parameters,
        },
        summary: {
          trials: result.trials,
          chosen: result.chosen,
          startedFrom: from?.position ?? null,
          startSha256: hashArrays(start),
          endSha256: hashArrays(subtree(result.weights, 'backbone/')),
        },
      };
    },

    async *predict(event, state, context): AsyncGenerator<PredictionBatch, ResourceUsage> {
      const { tasks } = state as unknown as TransferState;
      const stored = tasks.findLast((task) => task.position === event.position);
      if (stored === undefined) {
        throw new Error(`${event.task.name} at position ${event.position} was not learned yet`);
      }
      const label = `${title}: ${event.task.name} (${event.year})`;
      const snapshot = await context.restore(stored.store, stored.sha256);
      return yield* predictStored(backbone, search, event, snapshot, context, label);
    },
  };
}

/** The data to train on and to choose by. @throws DataError naming the task, where nothing can be learned from them. */
async function openToLearn(
  { task, ...event }: TrainingEvent,
  context: LearnerContext,
): Promise<readonly [train: Dataset, dev: Dataset]> {
  checkTask(task);
  const open = async (split: 'train' | 'dev') => {
    const dataset = await context.dataset(event[split]);
    checkDataset(task, split, dataset);
    readLabels(task, split, dataset);
    return dataset;
  };
  return [await open('train'), await open('dev')];
}

/** Weights of the backbone before the first step: stored ones, or random ones of this task. */
async function startWeights(
  backbone: Backbone,
  event: TrainingEvent,
  context: LearnerContext,
  from: StoredTask | undefined,
): Promise<Arrays> {
  if (from !== undefined) {
    const { tensors } = await context.restore(from.store, from.sha256);
    return subtree(tensors, 'backbone/');
  }
  const params = backbone.init([context.seed, event.task.name, event.year, 'init']);
  try {
    return await toArrays(params);
  } finally {
    tf.dispose(Object.values(params));
  }
}

async function* predictStored(
  backbone: Backbone,
  { evaluationBatchSize }: SearchSettings,
  event: PredictionEvent,
  { tensors }: Snapshot,
  context: LearnerContext,
  label: string,
): AsyncGenerator<PredictionBatch, ResourceUsage> {
  const dataset = await context.dataset(event.dataset);
  const counter = new FlopCounter();
  const weights = toTensors(tensors);
  const batches = predictBatches(backbone, weights, dataset, evaluationBatchSize);
  try {
    for (let done = 0; ; ) {
      const next = await counter.count(() => batches.next());
      if (next.done === true) break;
      done += next.value.labels.length;
      context.progress({ phase: 'predict', label, done, total: dataset.size });
      yield next.value;
    }
  } finally {
    // Where the reader stops early, the batch that it holds must go too.
    await batches.return();
    tf.dispose(Object.values(weights));
  }
  return { flops: { train: 0n, validation: 0n, prediction: counter.total }, peakParameters: 0 };
}
