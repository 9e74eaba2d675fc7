import {
  checkKey,
  checkOptions,
  checkTensor,
  described,
  type RandomKey,
  randomBits,
  subkey,
} from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** Which numbers dropout takes out: those of a key are the same on every backend, another key gives others. */
export interface Dropout {
  /** Share of the numbers that become 0, from 0 up to but not including 1; the others grow by 1 / (1 - rate). */
  readonly rate: number;
  readonly key: RandomKey;
}

/**
 * Dropout (JMLR 15, 2014, pages 1929-1958), in the inverted form: number i becomes 0 where number i of
 * `randomUniform(key)` is below `rate`, and is divided by 1 - rate elsewhere.
 *
 * @param x any shape, float32. @param dropout none gives `x` as it is.
 * @returns the shape of `x`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument, and as `checkDropout` does.
 */
export function dropout(x: tf.Tensor, dropout: Dropout | undefined): tf.Tensor {
  checkTensor('x', x, ['...']);
  if (dropout !== undefined) checkDropout('dropout', dropout);
  if (dropout === undefined || dropout.rate === 0) return tf.clone(x);
  return tf.tidy(() => tf.mul(x, tf.tensor(dropoutFactors(x.size, dropout), x.shape)));
}

/**
 * Dropout of the same rate at another place: its key goes with the place's name. @throws as `checkDropout` does.
 */
export function dropoutAt(
  dropout: Dropout | undefined,
  place: string | number,
): Dropout | undefined {
  if (dropout === undefined) return undefined;
  checkDropout('dropout', dropout);
  const { rate, key } = dropout;
  return { rate, key: subkey(key, place) };
}

/**
 * What the first `size` numbers are multiplied by. @throws as `checkDropout` and `randomBits` do.
 */
export function dropoutFactors(size: number, dropout: Dropout): Float32Array {
  checkDropout('dropout', dropout);
  const { rate, key } = dropout;
  const { threshold, kept } = dropoutNumbers(rate);
  return Float32Array.from(randomBits(key, size), (bits) => (bits >>> 8 < threshold ? 0 : kept));
}

/**
 * A number of 24 random bits below the threshold is one of `randomUniform` below the rate, and is dropped; others are
 * multiplied by `kept`. @throws RangeError for a rate that is not in [0, 1).
 */
export function dropoutNumbers(rate: number): {
  readonly threshold: number;
  readonly kept: number;
} {
  checkRate(rate, 'rate');
  return { threshold: Math.ceil(rate * 2 ** 24), kept: 1 / (1 - rate) };
}

/** @throws RangeError for a rate outside of [0, 1). @throws TypeError for a property that is not known, and a key that is none. */
export function checkDropout(name: string, dropout: Dropout): void {
  checkOptions(name, dropout, ['rate', 'key']);
  checkRate(dropout.rate, `${name}.rate`);
  checkKey(`${name}.key`, dropout.key);
}

/** @throws RangeError for a rate that is not in [0, 1). */
export function checkRate(rate: number, name: string): void {
  if (!(Number.isFinite(rate) && rate >= 0 && rate < 1)) {
    throw new RangeError(`${name} was ${described(rate)}; it must be at least 0 and below 1`);
  }
}
