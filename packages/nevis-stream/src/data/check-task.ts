import type { Dataset, Split, TaskKey } from '../types.ts';
import { DataError } from './data-error.ts';

/** @throws DataError naming the task, unless it is one that can be learned: of a known kind, with two classes or more. */
export function checkTask({ name, kind, numClasses }: TaskKey): void {
  if (typeof name !== 'string' || name === '') {
    throw new DataError(`a task has the name ${JSON.stringify(name)}; it must be a text`);
  }
  if (kind !== 'single-label') refuse(name, `is of the kind ${kind}; it must be single-label`);
  if (Number.isInteger(numClasses) && numClasses >= 2) return;
  refuse(name, `has ${count(numClasses, 'class', 'classes')}; it must have at least two`);
}

/**
 * @param dataset one split of the task.
 * @throws DataError naming the task and the split, unless it holds images of one size, and has the task's classes.
 */
export function checkDataset({ name, numClasses }: TaskKey, split: Split, dataset: Dataset): void {
  const { size, shape, task } = dataset;
  if (!Number.isSafeInteger(size) || size < 1) {
    const examples = count(size, 'example', 'examples');
    refuse(name, `has ${examples} in ${split}; it must have at least one`);
  }
  if (shape.length !== 3 || !shape.every((side) => Number.isSafeInteger(side) && side > 0)) {
    const must = 'height, width and channels must be positive integers';
    refuse(name, `has images of ${shape.join(' x ')} in ${split}; ${must}`);
  }
  if (task.numClasses !== numClasses) {
    refuse(name, `has ${numClasses} classes, but ${task.numClasses} in ${split}; they must agree`);
  }
}

const chunk = 1024;

/**
 * Reads a data set from end to end.
 *
 * @returns its labels `[size]`.
 * @throws DataError naming the task and the split, unless every batch is whole and every label the id of a class.
 */
export function readLabels({ name, numClasses }: TaskKey, split: Split, dataset: Dataset): Int32Array {
  const { size, shape } = dataset;
  const bytes = shape.reduce((product, side) => product * side, 1);
  const all = new Int32Array(size);
  for (let start = 0; start < size; start += chunk) {
    const length = Math.min(chunk, size - start);
    const { images, labels } = dataset.batch(Array.from({ length }, (_, at) => start + at));
    if (labels.length !== length || images.length !== length * bytes) {
      const given = `${labels.length} labels and ${images.length} bytes`;
      const must = `they must be ${length} and ${length * bytes}`;
      refuse(name, `gives ${given} for ${length} images of ${split}; ${must}`);
    }
    const wrong = labels.findIndex(
      (label) => !Number.isInteger(label) || label < 0 || label >= numClasses,
    );
    if (wrong >= 0) {
      const must = `a label must be an integer of at least 0 and below ${numClasses}`;
      refuse(name, `has the label ${labels[wrong]} at ${start + wrong} of ${split}; ${must}`);
    }
    all.set(labels, start);
  }
  return all;
}

function refuse(task: string, what: string): never {
  throw new DataError(`the task ${task} ${what}`);
}

function count(number: number, one: string, many: string): string {
  if (number === 0) return `no ${many}`;
  return number === 1 ? `one ${one}` : `${number} ${many}`;
}
