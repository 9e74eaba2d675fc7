import { isGradientNested } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';

/** What one call gives a table: the gradient of the row `indices[t, k]` gets `factors[t, k] * sources[t]`. */
export interface PickedGradient {
  /** int32 `[T, K]`. */
  readonly indices: tf.Tensor;
  /** `[T, K]`. */
  readonly factors: tf.Tensor;
  /** `[T, D]`. */
  readonly sources: tf.Tensor;
}

/** The gradients of one table while they are collected. */
export interface TableCollector {
  /** One 0, a tensor of the tape: by it the table has a gradient without being on the tape itself. */
  readonly anchor: tf.Tensor;
  readonly picked: PickedGradient[];
}

let collectors: ReadonlyMap<tf.DataId, TableCollector> | undefined;

/** Collects the gradients of tables while `work` runs. */
export function whileCollecting<T>(
  tables: ReadonlyMap<tf.DataId, TableCollector>,
  work: () => T,
): T {
  const outer = collectors;
  collectors = tables;
  try {
    return work();
  } finally {
    collectors = outer;
  }
}

/**
 * The anchor of a table; a 0 of its own where nothing is collected. Call it in a `tf.tidy`.
 *
 * @throws Error where a gradient of a gradient is to be collected: the rows are those of one gradient.
 */
export function anchorOf(table: tf.Tensor): tf.Tensor {
  const anchor = collectors?.get(table.dataId)?.anchor;
  if (anchor !== undefined && isGradientNested()) {
    throw new Error(
      `rowGradients cannot take rows of a table of shape [${table.shape}] inside of a gradient of the loss's own; take the table's whole gradient with tf.variableGrads`,
    );
  }
  return anchor ?? tf.scalar(0);
}

/** The gradient of an anchor: takes down what its table gets. */
export function collect(table: tf.Tensor, picked: PickedGradient): tf.Tensor {
  const { indices, factors, sources } = picked;
  const kept = (x: tf.Tensor) => tf.keep(tf.clone(x));
  collectors
    ?.get(table.dataId)
    ?.picked.push({ indices: kept(indices), factors: kept(factors), sources: kept(sources) });
  return tf.scalar(0);
}
