import { checkOneOf, checkTensor } from '@neverend/backend';
import { softmax } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';

/**
 * How the scores of chosen items become their weights: by a softmax over the k of a head, or each by itself (Csordás et al., arXiv 2310.10837).
 */
export type ScoreFunction = 'softmax' | 'sigmoid' | 'relu';

/** The names of all score functions. */
export const scoreFunctions: readonly ScoreFunction[] = ['softmax', 'sigmoid', 'relu'];

/** @throws RangeError unless it is above 0 in float32. */
export function checkTemperature(temperature: number): void {
  if (!(Math.fround(temperature) > 0 && Number.isFinite(temperature))) {
    throw new RangeError(`temperature was ${temperature}; it must be a finite number above 0`);
  }
}

/**
 * Weights of chosen items by their scores, which are divided by the temperature first.
 *
 * @param scores `[..., k]`, float32. @param temperature above 0. Default: 1.
 * @returns the shape of `scores`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another function, or a temperature that is not above 0.
 */
export function gates(
  scores: tf.Tensor,
  by: ScoreFunction = 'softmax',
  temperature = 1,
): tf.Tensor {
  checkTensor('scores', scores, ['...', 'k']);
  checkOneOf('by', by, scoreFunctions);
  checkTemperature(temperature);
  return tf.tidy(() => {
    const scaled = temperature === 1 ? scores : tf.div(scores, temperature);
    switch (by) {
      case 'softmax':
        return softmax(scaled);
      case 'sigmoid':
        return tf.sigmoid(scaled);
      case 'relu':
        return tf.relu(scaled);
    }
  });
}
