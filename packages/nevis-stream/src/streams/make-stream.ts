import {
  checkObject,
  checkOptions,
  described,
  randomKey,
  randomPermutation,
} from '@neverend/backend';
import { check } from '../check.ts';
import { arrayDataset, datasetKey, type Examples } from '../data/array-dataset.ts';
import {
  checkBenchmark,
  checkClassNames,
  checkDomain,
  checkMissing,
  checkName,
  checkShape,
  checkYear,
} from '../data/check-task.ts';
import { DataError } from '../data/data-error.ts';
import { type BaseSplit, baseSplits } from '../data/splits.ts';
import type {
  Benchmark,
  Dataset,
  DatasetKey,
  MissingTask,
  Progress,
  Split,
  Stream,
  StreamEvent,
  TaskKey,
} from '../types.ts';

/** The examples of a task by split. Predicted splits may be absent while nobody asks for them. */
export type TaskExamples = Readonly<
  Record<'train' | 'dev', Examples> & Partial<Record<BaseSplit, Examples>>
>;

/** A task's data: where a task comes back in a later year, both give the same object here. */
export interface TaskData {
  readonly name: string;
  /** The names of the classes, by class id, no two the same; their number is the task's `numClasses`. */
  readonly classNames: readonly string[];
  readonly domain: string;
  /** Height, width and channels of every image. */
  readonly shape: Dataset['shape'];
  /** Numbers of examples of the whole splits, where `examples` has the first of them alone. */
  readonly sizes?: Readonly<Partial<Record<BaseSplit, number>>>;
  /** The examples, or what loads them: called when a data set of the task is first asked for. */
  readonly examples:
    | TaskExamples
    | ((onProgress: (step: Progress) => void) => Promise<TaskExamples>);
}

/**
 * Numbers of examples to keep from the start of each split; absent ones keep all. The start of a data set
 * that is stored by class or place, as LandSat is, has other shares of the classes than the whole.
 */
export interface SplitLimits {
  readonly train?: number;
  readonly dev?: number;
  /** The limit for `dev_test` and for `test`. */
  readonly eval?: number;
}

export interface StreamOptions {
  /** The splits to predict after each training event. Default: `dev_test`. */
  readonly predictSplits?: readonly Split[];
  readonly limit?: SplitLimits;
  /**
   * `shuffled` permutes the labels of `train` and of `dev`, each within itself, and leaves all others as they
   * are: a control, on which nothing better than chance can be learned.
   */
  readonly labels?: 'true' | 'shuffled';
  /** Decides the permutation of shuffled labels. Default: 0. */
  readonly seed?: number;
  readonly onProgress?: (step: Progress) => void;
}

export interface StreamContent {
  readonly name: string;
  /** What the tasks are a part of; absent for tasks of one's own. */
  readonly benchmark?: Benchmark;
  /** The tasks in the order of the stream, which is that of the years: integers that do not fall. */
  readonly tasks: readonly { readonly year: number; readonly data: TaskData }[];
  readonly missing?: readonly MissingTask[];
}

/** The examples that are used, and how many there are. */
interface Loaded {
  readonly examples: TaskExamples;
  readonly whole: Readonly<Record<BaseSplit, number>>;
}

/** The names of `StreamOptions`. */
export const streamOptions = ['predictSplits', 'limit', 'labels', 'seed', 'onProgress'] as const;

const contentFields = ['name', 'benchmark', 'tasks', 'missing'] as const;

const taskFields = ['name', 'classNames', 'domain', 'shape', 'sizes', 'examples'] as const;

const splits: readonly Split[] = ['train', 'dev', 'train_and_dev', 'dev_test', 'test'];

/**
 * A stream over tasks in memory, or loaded when first asked for and kept from then on.
 *
 * @throws TypeError for an option, or a field of a task, that there is not, RangeError when one is not one of its values, DataError when
 * two different tasks have the same name, or names that make the same data-set keys, when years fall, and for a task that lacks
 * something or has what it cannot have.
 */
export function makeStream(content: StreamContent, options: StreamOptions = {}): Stream {
  checkOptions('makeStream', options, streamOptions);
  const { predictSplits = ['dev_test'], onProgress = () => {} } = options;
  if (options.limit !== undefined) checkOptions('limit', options.limit, ['train', 'dev', 'eval']);
  checkValues(options);

  checkContent(content);
  const tasks = new Map<string, TaskData>();
  const keys = new Map<DatasetKey, { readonly data: TaskData; readonly split: Split }>();
  for (const [position, task] of content.tasks.entries()) {
    checkData(position, task?.data);
    checkOptions(`the task ${task.data.name} of tasks`, task, ['year', 'data']);
    const { year, data } = task;
    checkYear(data.name, year, content.tasks[position - 1]?.year);
    for (const split of splits) {
      const key = datasetKey(data.name, split);
      const other = keys.get(key)?.data;
      if (other && other !== data) {
        throw new DataError(
          `The tasks ${other.name} and ${data.name} would both have the data set ${key}; each task needs a name of its own, and a repeated one the same data object`,
        );
      }
      keys.set(key, { data, split });
    }
    tasks.set(data.name, data);
  }

  const loaded = new Map<TaskData, Promise<Loaded>>();
  const datasets = new Map<DatasetKey, Promise<Dataset>>();

  const load = async (data: TaskData): Promise<Loaded> => {
    const all =
      typeof data.examples === 'function' ? await data.examples(onProgress) : data.examples;
    checkParts(data.name, all);
    const whole = baseSplits.map((split) => [
      split,
      data.sizes?.[split] ?? all[split]?.labels.length ?? 0,
    ]);
    return { examples: prepare(data, all, options), whole: Object.fromEntries(whole) };
  };

  const open = async (key: DatasetKey): Promise<Dataset> => {
    const entry = keys.get(key);
    if (!entry) {
      throw new DataError(
        `key is ${key}, which names no data set of the stream ${content.name}; it must be one of ${[...keys.keys()].join(', ')}`,
      );
    }
    const { data, split } = entry;
    const { examples, whole } = await remember(loaded, data, () => load(data));
    const parts = split === 'train_and_dev' ? (['train', 'dev'] as const) : [split];
    const dataset = arrayDataset(
      key,
      taskKey(data),
      data.shape,
      parts.map((part) => {
        const found = examples[part];
        if (!found) throw new DataError(`The task ${data.name} has no split ${part}`);
        return found;
      }),
    );
    const all = parts.reduce((sum, part) => sum + whole[part], 0);
    return all > dataset.size ? { ...dataset, whole: all } : dataset;
  };

  const find = (name: string): TaskData => {
    const data = tasks.get(name);
    if (!data) {
      throw new DataError(`taskName is ${name}; it must be one of ${[...tasks.keys()].join(', ')}`);
    }
    return data;
  };

  return {
    name: content.name,
    ...(content.benchmark && { benchmark: content.benchmark }),
    missing: content.missing ?? [],
    ...(options.labels && { labels: options.labels }),
    events: () => events(content, predictSplits),
    dataset: (key) => remember(datasets, key, () => open(key)),
    classNames: (taskName) => find(taskName).classNames,
    domain: (taskName) => find(taskName).domain,
  };
}

function checkContent(content: StreamContent): void {
  checkObject('the first object of makeStream', content, 'with name and tasks');
  checkOptions('the first object of makeStream', content, contentFields);
  const { name, tasks, benchmark, missing = [] } = content;
  if (typeof name !== 'string' || name === '') {
    throw new DataError(`the name of the stream was ${described(name)}; it must be a text`);
  }
  if (!Array.isArray(tasks)) {
    throw new DataError(`tasks was ${described(tasks)}; it must be a list of years and data`);
  }
  if (benchmark !== undefined) checkOptions('benchmark', benchmark, ['name', 'positions']);
  checkBenchmark(benchmark, tasks.length);
  if (!Array.isArray(missing)) {
    throw new DataError(`missing was ${described(missing)}; it must be a list of tasks`);
  }
  checkMissing(missing);
  for (const [at, task] of missing.entries()) {
    checkOptions(`missing[${at}]`, task, ['year', 'name', 'fix']);
  }
}

function checkData(position: number, data: TaskData): void {
  if (typeof data !== 'object' || data === null) {
    throw new DataError(
      `the task at ${position} of tasks has the data ${String(data)}; they must be an object with ${taskFields.join(', ')}`,
    );
  }
  const { name, domain, classNames, shape, sizes, examples } = data;
  checkName(name);
  checkOptions(`the task ${name}`, data, taskFields);
  if (sizes !== undefined) {
    checkOptions(`sizes of the task ${name}`, sizes, baseSplits);
    checkCounts(`sizes of the task ${name}`, sizes);
  }
  checkDomain(name, domain);
  checkClassNames(name, classNames);
  checkShape(name, shape);
  if (typeof examples !== 'function') checkParts(name, examples);
}

function checkParts(name: string, examples: TaskExamples): void {
  if (typeof examples !== 'object' || examples === null) {
    throw new DataError(
      `the task ${name} has the examples ${String(examples)}; they must be an object with train, dev and the splits to predict`,
    );
  }
  checkOptions(`examples of the task ${name}`, examples, baseSplits);
  for (const split of baseSplits) {
    const part = examples[split];
    if (part === undefined) continue;
    const isList = Array.isArray(part?.labels) || ArrayBuffer.isView(part?.labels);
    if (isList && part.images) continue;
    throw new DataError(
      `the task ${name} has no arrays of images and labels in ${split}; they must be a Uint8Array and an Int32Array`,
    );
  }
}

function taskKey(data: TaskData): TaskKey {
  return { name: data.name, kind: 'single-label', numClasses: data.classNames.length };
}

function* events(content: StreamContent, predictSplits: readonly Split[]): Iterable<StreamEvent> {
  for (const [position, { year, data }] of content.tasks.entries()) {
    const at = { position, year, task: taskKey(data) };
    yield {
      type: 'train',
      ...at,
      train: datasetKey(data.name, 'train'),
      dev: datasetKey(data.name, 'dev'),
      trainAndDev: datasetKey(data.name, 'train_and_dev'),
    };
    for (const split of predictSplits) {
      yield { type: 'predict', ...at, split, dataset: datasetKey(data.name, split) };
    }
  }
}

/** What `make` answers, once per key; a failure is not kept, so that it can be mended and tried again. */
function remember<K, V>(cache: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> {
  const known = cache.get(key);
  if (known) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}

/** Limits and label permutation, on every split alike whichever way it is asked for. */
function prepare(data: TaskData, examples: TaskExamples, options: StreamOptions): TaskExamples {
  const { limit = {}, labels = 'true', seed = 0 } = options;
  const [height, width, channels] = data.shape;
  // Copies, so that the whole arrays can be freed.
  const prefix = (part: Examples, count = Number.POSITIVE_INFINITY): Examples =>
    count >= part.labels.length
      ? part
      : {
          images: part.images.slice(0, count * height * width * channels),
          labels: part.labels.slice(0, count),
        };
  const shuffle = (part: Examples, split: string): Examples => {
    if (labels === 'true') return part;
    const order = randomPermutation(
      randomKey(seed, 'shuffled labels', data.name, split),
      part.labels.length,
    );
    return {
      images: part.images,
      labels: Int32Array.from(order, (from) => part.labels[from] ?? 0),
    };
  };
  for (const split of ['train', 'dev'] as const) {
    if (!examples[split]) throw new DataError(`The task ${data.name} has no split ${split}`);
  }
  return {
    ...(examples.dev_test && { dev_test: prefix(examples.dev_test, limit.eval) }),
    ...(examples.test && { test: prefix(examples.test, limit.eval) }),
    train: shuffle(prefix(examples.train, limit.train), 'train'),
    dev: shuffle(prefix(examples.dev, limit.dev), 'dev'),
  };
}

function checkCounts(name: string, counts: object): void {
  for (const [split, count] of Object.entries(counts)) {
    const fits = count === undefined || (Number.isSafeInteger(count) && count > 0);
    check(`${name}.${split}`, count, fits, 'a positive integer');
  }
}

function checkValues(options: StreamOptions): void {
  const { predictSplits = [], limit = {}, labels = 'true', seed = 0, onProgress } = options;
  const names = splits.join(', ');
  check('predictSplits', predictSplits, Array.isArray(predictSplits), `a list of ${names}`);
  for (const [at, split] of predictSplits.entries()) {
    check(`predictSplits[${at}]`, split, splits.includes(split), `one of ${names}`);
  }
  checkCounts('limit', limit);
  check('labels', labels, ['true', 'shuffled'].includes(labels), '"true" or "shuffled"');
  check('seed', seed, Number.isSafeInteger(seed), 'an integer');
  const isListener = ['undefined', 'function'].includes(typeof onProgress);
  check('onProgress', onProgress, isListener, 'a function');
}
