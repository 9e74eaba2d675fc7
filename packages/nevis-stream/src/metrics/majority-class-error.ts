import { checkArray } from './checks.ts';

/**
 * Error rate of always predicting the most frequent class of `trainLabels` (the smallest id wins ties):
 * what a learner must beat to have learned anything.
 *
 * @throws RangeError when there are no labels in either split, or one is not in `[0, numClasses)`.
 */
export function majorityClassError(
  trainLabels: Int32Array,
  evalLabels: Int32Array,
  numClasses: number,
): number {
  const counts = countLabels(trainLabels, numClasses, 'trainLabels');
  const majority = counts.indexOf(Math.max(...counts));
  const hits = countLabels(evalLabels, numClasses, 'evalLabels')[majority] ?? 0;
  return (evalLabels.length - hits) / evalLabels.length;
}

function countLabels(labels: Int32Array, numClasses: number, name: string): number[] {
  checkArray(name, labels, Int32Array);
  if (labels.length === 0)
    throw new RangeError(`${name} was empty; it must hold at least one label`);
  const counts = new Array<number>(numClasses).fill(0);
  for (const label of labels) {
    const count = counts[label];
    if (count === undefined) {
      throw new RangeError(`a label of ${name} was ${label}; it must be in [0, ${numClasses})`);
    }
    counts[label] = count + 1;
  }
  return counts;
}
