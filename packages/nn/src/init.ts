import {
  checkedSize,
  checkNumber,
  checkOptions,
  checkSizes,
  described,
  type RandomKey,
  randomNormal,
  randomUniform,
} from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** How a linear layer's kernel starts. */
export interface InitLinearOptions {
  /** Normal numbers with a variance of `variance` / D. Default: Xavier uniform, as the transformer of flax' ViT has it. */
  readonly variance?: number | undefined;
}

/**
 * Weights of a linear layer: the kernel random, the bias 0.
 *
 * @returns `kernel` `[D, E]` and `bias` `[E]`, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless both widths are positive integers. @throws RangeError for a `variance` below 0.
 * @throws TypeError for an unknown option, and, as everything random here, for a key that is none.
 */
export function initLinear(
  key: RandomKey,
  inputWidth: number,
  outputWidth: number,
  options: InitLinearOptions = {},
): { kernel: tf.Tensor2D; bias: tf.Tensor1D } {
  checkOptions('initLinear', options, ['variance']);
  const { variance } = options;
  checkSizes({ inputWidth, outputWidth });
  if (variance !== undefined) checkNumber('variance', variance, 0);
  const shape = [inputWidth, outputWidth];
  const kernel =
    variance === undefined
      ? xavierUniform(key, shape, inputWidth, outputWidth)
      : normal(key, shape, Math.sqrt(variance / inputWidth));
  return { kernel: kernel as tf.Tensor2D, bias: tf.zeros([outputWidth]) };
}

/** Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, AISTATS 2010, equation 16). */
export function xavierUniform(
  key: RandomKey,
  shape: readonly number[],
  fanIn: number,
  fanOut: number,
): tf.Tensor {
  checkSizes({ fanIn, fanOut });
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  const values = randomUniform(key, sizeOf(shape)).map((u) => (2 * u - 1) * limit);
  return tf.tensor(values, [...shape], 'float32');
}

/** Normal numbers with this standard deviation. @throws RangeError unless it is >= 0. */
export function normal(key: RandomKey, shape: readonly number[], deviation: number): tf.Tensor {
  checkNumber('deviation', deviation, 0);
  const values = randomNormal(key, sizeOf(shape)).map((value) => value * deviation);
  return tf.tensor(values, [...shape], 'float32');
}

/** @throws TypeError | ShapeError for what is no list of integers >= 0. */
function sizeOf(shape: readonly number[]): number {
  if (!Array.isArray(shape)) {
    throw new TypeError(`shape was ${described(shape)}; it must be a list of sizes`);
  }
  return shape.reduce((product, size) => product * checkedSize('a size of shape', size, 0), 1);
}
