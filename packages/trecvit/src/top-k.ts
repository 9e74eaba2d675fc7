import { checkedSize, checkTensor } from '@neverend/backend';
import { softmax } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/** A class and how likely it is. */
export interface Guess {
  readonly index: number;
  readonly probability: number;
  /** The name of the class, where there are names. */
  readonly name?: string;
}

/**
 * The likeliest classes of each row, the likeliest first; of equal ones the one with the smaller index.
 *
 * @param logits `[B, C]`. @param k how many; all where there are fewer.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another number of names.
 */
export async function topK(
  logits: tf.Tensor,
  k: number,
  classNames?: readonly string[],
): Promise<Guess[][]> {
  checkTensor('logits', logits, ['B', 'C']);
  const probabilities = tf.tidy(() => softmax(logits));
  try {
    return await likeliest(probabilities, k, classNames);
  } finally {
    probabilities.dispose();
  }
}

/** As `topK`, of probabilities `[B, C]`. */
export async function likeliest(
  probabilities: tf.Tensor,
  k: number,
  classNames?: readonly string[],
): Promise<Guess[][]> {
  checkedSize('k', k);
  const [, classes = 1] = probabilities.shape;
  if (classNames !== undefined && classNames.length !== classes) {
    throw new RangeError(`classNames had ${classNames.length} names; it must have ${classes}`);
  }
  const values = await probabilities.data();
  return Array.from({ length: values.length / classes }, (_, row) => {
    const ofRow = Array.from(values.subarray(row * classes, (row + 1) * classes));
    return ofRow
      .map((probability, index) => {
        const name = classNames?.[index];
        return { index, probability, ...(name === undefined ? {} : { name }) };
      })
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, k);
  });
}

/** The number of classes that `top` gives where no other is asked for. */
export const defaultTop = 5;
