import { checkSizes, type RandomKey, randomUniform } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Weights of a linear layer as the transformer of flax' ViT has them: Xavier uniform, bias 0.
 *
 * @returns `kernel` `[D, E]` and `bias` `[E]`, a function of `key` alone and the caller's to dispose.
 * @throws ShapeError unless both widths are positive integers.
 */
export function initLinear(
  key: RandomKey,
  inputWidth: number,
  outputWidth: number,
): { kernel: tf.Tensor2D; bias: tf.Tensor1D } {
  checkSizes({ inputWidth, outputWidth });
  return {
    kernel: xavierUniform(key, [inputWidth, outputWidth], inputWidth, outputWidth) as tf.Tensor2D,
    bias: tf.zeros([outputWidth]),
  };
}

/** Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot and Bengio, AISTATS 2010, equation 16). */
export function xavierUniform(
  key: RandomKey,
  shape: number[],
  fanIn: number,
  fanOut: number,
): tf.Tensor {
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  const size = shape.reduce((product, n) => product * n, 1);
  return tf.tensor(
    randomUniform(key, size).map((u) => (2 * u - 1) * limit),
    shape,
  );
}
