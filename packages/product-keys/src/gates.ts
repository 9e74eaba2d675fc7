import { checkOneOf, checkTensor, described } from '@neverend/backend';
import { softmax } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { detached } from './detached.ts';

/**
 * How the scores of chosen items become their weights: by a softmax over the k of a head, or each by itself (Csordás et al., arXiv 2310.10837).
 */
export type ScoreFunction = 'softmax' | 'sigmoid' | 'relu';

/** The names of all score functions. */
export const scoreFunctions: readonly ScoreFunction[] = ['softmax', 'sigmoid', 'relu'];

/** The smallest number that float32 has with all of its digits: backends take smaller ones for 0. */
const leastTemperature = 2 ** -126;

/** @throws RangeError unless float32 has it, and it is no smaller than what backends take for 0. */
export function checkTemperature(temperature: number): void {
  const rounded = typeof temperature === 'number' ? Math.fround(temperature) : Number.NaN;
  if (!(rounded >= leastTemperature && Number.isFinite(rounded))) {
    throw new RangeError(
      `temperature was ${described(temperature)}; it must be a number from 2^-126 on that float32 has`,
    );
  }
}

/**
 * Weights of chosen items by their scores, which are divided by the temperature first.
 *
 * @param scores `[..., k]`, float32. @param temperature from 2^-126 on. Default: 1.
 * @returns the shape of `scores`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another function, or a temperature that is none.
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
    const scaled = () => (temperature === 1 ? scores : tf.div(scores, temperature));
    switch (by) {
      case 'softmax': {
        if (temperature === 1) return softmax(scores);
        // A low temperature would make the largest scores infinite, and their differences NaN.
        const most = detached(tf.max(scores, -1, true));
        return softmax(tf.div(tf.sub(scores, most), temperature));
      }
      case 'sigmoid':
        return tf.sigmoid(scaled());
      case 'relu':
        return tf.relu(scaled());
    }
  });
}
