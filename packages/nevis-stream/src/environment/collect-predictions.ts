import { RunError } from '@neverend/checkpoint/node';
import { ClassificationAccumulator, type ClassificationMetrics } from '../metrics/index.ts';
import type { Dataset, PredictionBatch, ResourceUsage } from '../types.ts';
import { checkBatch, checkPredicting, checkUsage, workOf } from './learner-errors.ts';

export interface Predictions {
  /** `[size]` and `[size, numClasses]`, in data-set order. */
  readonly labels: Int32Array;
  readonly logits: Float32Array;
  readonly metrics: ClassificationMetrics;
  readonly usage: ResourceUsage;
}

/** Whose predictions are read, and what stops it. */
interface Predicting {
  readonly learner: string;
  /** The learner and the task, for messages. */
  readonly who: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads what a learner predicts for a data set and scores it against the data set's own labels.
 *
 * @throws RunError when it fails, or does not predict every example once, in order.
 */
export async function collectPredictions(
  { learner, who, signal }: Predicting,
  dataset: Dataset,
  batches: AsyncGenerator<PredictionBatch, ResourceUsage>,
): Promise<Predictions> {
  const { size, key } = dataset;
  const { numClasses } = dataset.task;
  const labels = new Int32Array(size);
  const logits = new Float32Array(size * numClasses);
  const metrics = new ClassificationAccumulator(numClasses);
  const refuse = (what: string): never => {
    throw new RunError(
      `the learner ${learner} predicted ${what} of ${key}; it must predict each of the ${size} examples once, in order`,
    );
  };
  checkPredicting(who, batches);
  let done = 0;
  let usage: ResourceUsage | undefined;
  try {
    for (;;) {
      const next = await workOf(who, signal, () => batches.next());
      if (next.done === true) {
        checkUsage(who, next.value);
        usage = next.value;
        break;
      }
      const batch = next.value;
      checkBatch(who, batch);
      const { length } = batch.labels;
      if (done + length > size) refuse(`more than ${size} examples`);
      const truth = dataset.batch(Array.from({ length }, (_, index) => done + index)).labels;
      if (truth.some((label, index) => label !== batch.labels[index])) {
        refuse(`labels other than those from ${done} to ${done + length - 1}`);
      }
      if (batch.logits.length !== length * numClasses) {
        throw new RunError(
          `the learner ${learner} gave ${batch.logits.length} logits for ${length} examples of ${key}; they must be ${length} x ${numClasses}`,
        );
      }
      metrics.add(batch);
      labels.set(truth, done);
      logits.set(batch.logits, done * numClasses);
      done += length;
    }
  } finally {
    // A learner that is refused gets to put its tensors away.
    if (usage === undefined) await batches.return?.(undefined as never);
  }
  if (done < size) refuse(`${done} examples`);
  return { labels, logits, metrics: metrics.metrics(), usage };
}
