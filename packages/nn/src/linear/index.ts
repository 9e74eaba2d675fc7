import { checkTensor } from '@neverend/backend';
import { withGradient } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
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
    const y = product(asRows(x), kernel as tf.Tensor2D, bias);
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

/** On `tensorflow` tf.fused.matMul is the same product and sum, but as one of a batch of one, with TensorFlow's slower product of batches. */
function product(x: tf.Tensor2D, kernel: tf.Tensor2D, bias: tf.Tensor | undefined): tf.Tensor {
  if (bias === undefined) return tf.matMul(x, kernel);
  return tf.getBackend() === 'tensorflow'
    ? tf.add(tf.matMul(x, kernel), bias)
    : tf.fused.matMul({ a: x, b: kernel, bias });
}
