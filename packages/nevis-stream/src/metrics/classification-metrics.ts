import type { PredictionBatch } from '../types.ts';
import { checkArray } from './checks.ts';

/** How well one prediction event went. Rates are in [0, 1]; every number is finite. */
export interface ClassificationMetrics {
  /** Number of predictions. */
  readonly size: number;
  /** Predictions whose class with the largest logit is not the label. */
  readonly errors: number;
  /** `errors / size`, the benchmark's e = 1 - top-1 accuracy. */
  readonly errorRate: number;
  /** Share of labels that are not among the five largest logits; null with five classes or fewer. */
  readonly top5ErrorRate: number | null;
  /** Mean of -log softmax(logits)[label] in nats over the rows that are finite; null when none is. */
  readonly crossEntropy: number | null;
  /** Rows with a logit that is NaN or infinite. Each of them is an error. */
  readonly nonFinite: number;
}

/**
 * The class with the largest logit in one row; the smallest class id wins ties.
 *
 * @param logits `[B, numClasses]` in row-major order.
 * @returns null when the row holds a NaN or an infinity.
 */
export function predictedClass(
  logits: Float32Array,
  row: number,
  numClasses: number,
): number | null {
  checkArray('logits', logits, Float32Array);
  const values = logits.subarray(row * numClasses, (row + 1) * numClasses);
  return values.every(Number.isFinite) ? values.indexOf(Math.max(...values)) : null;
}

/** Adds up batches of one prediction event. The result does not depend on how rows fall into batches. */
export class ClassificationAccumulator {
  readonly #numClasses: number;
  #size = 0;
  #errors = 0;
  #top5Errors = 0;
  #nonFinite = 0;
  #crossEntropy = 0;

  /** @throws RangeError when `numClasses` is not a whole number above 0. */
  constructor(numClasses: number) {
    if (!Number.isInteger(numClasses) || numClasses < 1) {
      throw new RangeError(`numClasses was ${numClasses}; it must be a whole number above 0`);
    }
    this.#numClasses = numClasses;
  }

  /**
   * @param batch labels `[B]` and logits `[B, numClasses]`.
   * @throws RangeError when the logits are not `B * numClasses` values or a label is not a class id.
   */
  add({ labels, logits }: PredictionBatch): void {
    const numClasses = this.#numClasses;
    if (logits.length !== labels.length * numClasses) {
      throw new RangeError(
        `logits had ${logits.length} values; it must have ${labels.length} x ${numClasses}`,
      );
    }
    const outside = labels.find((label) => label < 0 || label >= numClasses);
    if (outside !== undefined) {
      throw new RangeError(`a label was ${outside}; it must be in [0, ${numClasses})`);
    }
    for (const [row, label] of labels.entries()) {
      this.#addRow(logits.subarray(row * numClasses, (row + 1) * numClasses), label);
    }
  }

  #addRow(logits: Float32Array, label: number): void {
    this.#size++;
    if (!logits.every(Number.isFinite)) {
      this.#nonFinite++;
      this.#errors++;
      this.#top5Errors++;
      return;
    }
    const own = logits[label] ?? Number.NaN;
    let max = own;
    // Place of the label when classes are sorted by falling logit and then by rising id.
    let rank = 0;
    for (const [id, logit] of logits.entries()) {
      if (logit > own || (logit === own && id < label)) rank++;
      if (logit > max) max = logit;
    }
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - max);
    this.#crossEntropy += max - own + Math.log(sum);
    if (rank > 0) this.#errors++;
    if (rank >= 5) this.#top5Errors++;
  }

  /** @throws RangeError when no prediction was added. */
  metrics(): ClassificationMetrics {
    const size = this.#size;
    if (size === 0) throw new RangeError('there were no predictions; there must be at least one');
    const finite = size - this.#nonFinite;
    return {
      size,
      errors: this.#errors,
      errorRate: this.#errors / size,
      top5ErrorRate: this.#numClasses > 5 ? this.#top5Errors / size : null,
      crossEntropy: finite > 0 ? this.#crossEntropy / finite : null,
      nonFinite: this.#nonFinite,
    };
  }
}

/**
 * Metrics of predictions that are all at hand.
 *
 * @param labels `[B]` class ids.
 * @param logits `[B, numClasses]` in row-major order: scores before the softmax, not probabilities.
 * @throws RangeError when there is no prediction, the sizes do not fit or a label is not a class id.
 */
export function classificationMetrics(
  labels: Int32Array,
  logits: Float32Array,
  numClasses: number,
): ClassificationMetrics {
  checkArray('labels', labels, Int32Array);
  checkArray('logits', logits, Float32Array);
  const accumulator = new ClassificationAccumulator(numClasses);
  accumulator.add({ labels, logits });
  return accumulator.metrics();
}
