import type { RandomKey } from '@neverend/backend';
import { checkTensor, randomUniform } from '@neverend/backend';
import { checkSizes } from '@neverend/backend/params';
import * as tf from '@tensorflow/tfjs-core';
import { withGradient } from '../own-gradient.ts';
import { asRows, sumRows } from '../rows.ts';

/**
 * y = x W + b over the last axis, with a gradient that is fast on every backend.
 *
 * @param x `[..., D]`, float32. @param kernel W, `[D, E]`. @param bias b, `[E]`; none adds nothing.
 * @returns `[..., E]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument.
 */
export function linear(x: tf.Tensor, kernel: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  checkTensor('x', x, ['...', 'D']);
  checkTensor('kernel', kernel, [x.shape.at(-1) ?? 1, 'E']);
  const width = kernel.shape[1] ?? 1;
  if (bias !== undefined) checkTensor('bias', bias, [width]);
  const inputs = bias === undefined ? [x, kernel] : [x, kernel, bias];
  return withGradient(inputs, () => {
    const product = tf.matMul(asRows(x), kernel as tf.Tensor2D);
    const y = bias === undefined ? product : tf.add(product, bias);
    return {
      value: tf.reshape(y, [...x.shape.slice(0, -1), width]),
      saved: [x, kernel],
      backward: (dy, [savedX, savedKernel]) => {
        const rows = asRows(dy);
        const dx = tf.reshape(tf.matMul(rows, savedKernel as tf.Tensor2D, false, true), x.shape);
        const dKernel = tf.matMul(asRows(savedX as tf.Tensor), rows, true, false);
        return bias === undefined ? [dx, dKernel] : [dx, dKernel, sumRows(rows)];
      },
    };
  });
}

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
