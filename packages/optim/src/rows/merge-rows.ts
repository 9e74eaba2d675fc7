import { checkList } from '@neverend/backend';
import { scatterAddRows } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkRowGradient, type RowGradient } from './row-gradient.ts';

/** Gradient of some rows of a table whose indices the host knows. */
export interface HostRowGradient extends RowGradient {
  readonly indices: Int32Array;
}

/**
 * One gradient of a table in which no row comes twice, of gradients of its rows: of one step, or of the steps
 * whose gradients are to be accumulated. What a row gets several times is summed, in the order in which it comes.
 *
 * Indices that are a tensor are read back from the device.
 *
 * @param gradients float32 `[K, D]` each, with one D; they stay the caller's.
 * @returns indices `[U]` in the order in which they came first, and rows float32 `[U, D]`, the caller's to dispose.
 * @throws ShapeError or DTypeError naming, counted from 1, the gradient that does not fit.
 */
export async function mergeRows(
  ...gradients: readonly [RowGradient, ...RowGradient[]]
): Promise<HostRowGradient> {
  checkList('gradients', gradients, 'one gradient at least');
  for (const [at, gradient] of gradients.entries()) {
    checkRowGradient(`${at + 1}`, gradient, at === 0 ? undefined : gradients[0].rows.shape[1]);
  }
  const lists = await Promise.all(
    gradients.map(({ indices }) =>
      indices instanceof Int32Array ? indices : indices.data<'int32'>(),
    ),
  );
  const indices = new Int32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const list of lists) {
    indices.set(list, end);
    end += list.length;
  }
  const plan = planMerge(indices);
  const rows = tf.tidy(() =>
    mergeByPlan(plan, tf.concat(gradients.map((gradient) => gradient.rows))),
  );
  return { indices: plan.indices, rows };
}

/** A plan of which rows are to be summed. */
export interface MergePlan {
  /** Indices without duplicates `[U]`, in the order in which they came first. */
  readonly indices: Int32Array;
  /** The place among them of each row that came, `[K]`. */
  readonly places: Int32Array;
}

export function planMerge(indices: Int32Array): MergePlan {
  // What `rowGradients` gives is in rising order: nothing to merge, and a map of many rows takes milliseconds.
  if (isRising(indices)) return { indices, places: indices.map((_, place) => place) };
  const placeOf = new Map<number, number>();
  const places = indices.map((index) => {
    const place = placeOf.get(index) ?? placeOf.size;
    placeOf.set(index, place);
    return place;
  });
  return { indices: Int32Array.from(placeOf.keys()), places };
}

function isRising(indices: Int32Array): boolean {
  for (let at = 1; at < indices.length; at++) {
    if ((indices[at] as number) <= (indices[at - 1] as number)) return false;
  }
  return true;
}

/**
 * Called in a `tf.tidy`.
 *
 * @param rows float32 `[K, D]`, also returned where no row comes twice. @returns `[U, D]`.
 */
export function mergeByPlan({ indices, places }: MergePlan, rows: tf.Tensor): tf.Tensor {
  if (indices.length === places.length) return rows;
  const sums = tf.variable(tf.zeros([indices.length, rows.shape[1] ?? 0]), false);
  scatterAddRows(sums, tf.tensor1d(places, 'int32'), rows);
  const merged = tf.clone(sums);
  sums.dispose();
  return merged;
}
