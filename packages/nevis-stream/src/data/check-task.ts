import { checkObject, described } from '@neverend/backend';
import type { Benchmark, Dataset, DatasetKey, MissingTask, Split, TaskKey } from '../types.ts';
import { DataError } from './data-error.ts';

/** Bytes of a name: files are named after it, its split and a position, and file systems take 255 with what marks a half-written file. */
const mostBytes = 160;

/** @throws DataError unless a task's name is a text that files can be named after. */
export function checkName(name: string): void {
  if (typeof name !== 'string' || name === '') {
    throw new DataError(`a task has the name ${described(name)}; it must be a text`);
  }
  const bytes = Buffer.byteLength(name);
  if (bytes <= mostBytes) return;
  throw new DataError(
    `the task ${name.slice(0, 40)}… has a name of ${bytes} bytes; it must have at most ${mostBytes}, since files are named after it`,
  );
}

/** @throws DataError naming the task, unless files can be named after the key of its data set. */
export function checkKey(name: string, key: DatasetKey): void {
  const bytes = Buffer.byteLength(String(key));
  if (typeof key === 'string' && bytes <= mostBytes + '_train_and_dev'.length) return;
  refuse(name, `has a data set ${described(key).slice(0, 40)}…; its key must be a text of at most ${mostBytes + 14} bytes`);
}

/** @throws DataError unless a benchmark has a name, and at least as many positions as a stream has. */
export function checkBenchmark(benchmark: Benchmark | undefined, count: number): void {
  if (!benchmark) return;
  const { name, positions } = benchmark;
  if (typeof name !== 'string' || name === '') {
    throw new DataError(`a benchmark has the name ${described(name)}; it must be a text`);
  }
  if (Number.isSafeInteger(positions) && positions >= Math.max(1, count)) return;
  throw new DataError(
    `the benchmark ${name} has ${described(positions)} positions; it must be an integer, and at least the ${count} of the stream`,
  );
}

/** @throws DataError naming the first value of a missing task that a report cannot show. @throws TypeError for what is no object. */
export function checkMissing(missing: readonly MissingTask[]): void {
  for (const [at, task] of missing.entries()) {
    checkObject(`missing[${at}]`, task, 'with year, name and fix');
    if (!Number.isSafeInteger(task.year)) {
      throw new DataError(`missing[${at}].year was ${described(task.year)}; it must be an integer`);
    }
    for (const field of ['name', 'fix'] as const) {
      if (typeof task[field] === 'string' && task[field] !== '') continue;
      throw new DataError(`missing[${at}].${field} was ${described(task[field])}; it must be a text`);
    }
  }
}

/** @throws DataError naming the task, unless its domain is a text. */
export function checkDomain(name: string, domain: string): void {
  if (typeof domain !== 'string') refuse(name, `has the domain ${domain}; it must be a text`);
}

/** @throws DataError naming the task, unless it is one that can be learned: of a known kind, with two classes or more. */
export function checkTask(task: TaskKey): void {
  if (!isObject(task)) {
    throw new DataError(`an event has the task ${String(task)}; it must have a name, a kind and numClasses`);
  }
  const { name, kind, numClasses } = task;
  checkName(name);
  if (kind !== 'single-label') refuse(name, `is of the kind ${kind}; it must be single-label`);
  if (Number.isInteger(numClasses) && numClasses >= 2) return;
  refuse(name, `has ${count(numClasses, 'class', 'classes')}; it must have at least two`);
}

/**
 * @param before the year of the task before this one in the stream; for the first, none.
 * @throws DataError naming the task, unless its year is an integer and not below that one.
 */
export function checkYear(name: string, year: number, before: number = Number.NEGATIVE_INFINITY): void {
  if (!Number.isSafeInteger(year)) refuse(name, `has the year ${described(year)}; it must be an integer`);
  if (year < before) {
    refuse(name, `of ${year} comes after one of ${before}; years must not fall along a stream`);
  }
}

/** @throws DataError naming the task, unless its classes have texts for names, no two of them the same. */
export function checkClassNames(name: string, classNames: readonly string[]): void {
  if (!Array.isArray(classNames)) {
    refuse(name, `has the classNames ${String(classNames)}; they must be a list of texts`);
  }
  for (const [id, className] of classNames.entries()) {
    if (typeof className !== 'string') {
      refuse(name, `has a class with the name ${String(className)} at ${id}; it must be a text`);
    }
    const other = classNames.indexOf(className);
    if (other === id) continue;
    const both = `${other} and ${id} the name ${JSON.stringify(className)}`;
    refuse(name, `gives the classes ${both}; each must have a name of its own`);
  }
}

/**
 * @param where what has the shape, where it is not all of the task.
 * @throws DataError naming the task, unless it is one of images.
 */
export function checkShape(name: string, shape: Dataset['shape'], where = ''): void {
  const isList = Array.isArray(shape);
  if (isList && shape.length === 3 && shape.every((n) => Number.isSafeInteger(n) && n > 0)) return;
  const must = 'height, width and channels must be positive integers';
  const was = isList && shape.length > 0 ? shape.map(described).join(' x ') : JSON.stringify(shape);
  refuse(name, `has images of the shape ${was}${where}; ${must}`);
}

/**
 * @param dataset one split of the task.
 * @throws DataError naming the task and the split, unless it holds images of one size, and has the task's classes.
 */
export function checkDataset({ name, numClasses }: TaskKey, split: Split, dataset: Dataset): void {
  if (!isObject(dataset)) {
    refuse(name, `has ${String(dataset)} for the data set of ${split}; it must be a data set`);
  }
  const { size, shape, task } = dataset;
  if (!Number.isSafeInteger(size) || size < 1) {
    const examples = count(size, 'example', 'examples');
    refuse(name, `has ${examples} in ${split}; it must have at least one`);
  }
  checkShape(name, shape, ` in ${split}`);
  if (task?.numClasses !== numClasses) {
    refuse(name, `has ${numClasses} classes, but ${task?.numClasses} in ${split}; they must agree`);
  }
}

const chunk = 1024;

/**
 * Reads a data set from end to end.
 *
 * @returns its labels `[size]`.
 * @throws DataError naming the task and the split, unless every batch is whole, every label the id of a class, and those of
 * `train` not all the same.
 */
export function readLabels({ name, numClasses }: TaskKey, split: Split, dataset: Dataset): Int32Array {
  const { size, shape } = dataset;
  const bytes = shape.reduce((product, side) => product * side, 1);
  const all = new Int32Array(size);
  for (let start = 0; start < size; start += chunk) {
    const length = Math.min(chunk, size - start);
    const batch = dataset.batch(Array.from({ length }, (_, at) => start + at));
    const labels = batch?.labels ?? [];
    const given = `${labels.length} labels and ${batch?.images?.length ?? 0} bytes`;
    if (labels.length !== length || batch.images?.length !== length * bytes) {
      const must = `they must be ${length} and ${length * bytes}`;
      refuse(name, `gives ${given} for ${length} images of ${split}; ${must}`);
    }
    const fault = labelFault(labels, numClasses, (at) => `${start + at} of ${split}`);
    if (fault !== undefined) refuse(name, fault);
    all.set(labels, start);
  }
  if (split === 'train' && all.every((label) => label === all[0])) {
    refuse(name, `has the label ${all[0]} alone in train; it must have examples of two classes`);
  }
  return all;
}

/** What is said of the first label that is not the id of a class; undefined where there is none. */
export function labelFault(
  labels: ArrayLike<number>,
  numClasses: number,
  place: (at: number) => string = String,
): string | undefined {
  const at = Array.prototype.findIndex.call(
    labels,
    (label) => !Number.isInteger(label) || label < 0 || label >= numClasses,
  );
  if (at < 0) return undefined;
  const label: unknown = labels[at];
  const was = typeof label === 'bigint' ? `${label}n` : described(label);
  return `has the label ${was} at ${place(at)}; a label must be an integer of at least 0 and below ${numClasses}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function refuse(task: string, what: string): never {
  throw new DataError(`the task ${task} ${what}`);
}

function count(number: number, one: string, many: string): string {
  if (number === 0) return `no ${many}`;
  return number === 1 ? `one ${one}` : `${described(number)} ${many}`;
}
